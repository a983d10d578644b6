using System.Text.Json;
using Helios.Cli.Errors;
using Helios.Cli.Options;
using Helios.Sdk;
using Helios.Sdk.Checkpoints;
using Helios.Sdk.Models;
using Helios.Sdk.Naming;
using Helios.Sdk.Quantities;

namespace Helios.Cli.Files;

/// <summary>The pool of a run: a memory budget and its models.</summary>
/// <param name="MemoryBudget">Bytes; null when the file names none.</param>
/// <param name="Models">The models, at least one.</param>
internal sealed record PoolFile(long? MemoryBudget, IReadOnlyList<PoolFileModel> Models)
{
    /// <exception cref="FileException">The file is unusable; the message names file and field.</exception>
    public static PoolFile Read(string path) => StrictJson.Read($"{path}:", "the file", File.ReadAllBytes(path), root => Read(path, root));

    private static PoolFile Read(string path, JsonElement root)
    {
        var pool = new StrictObject($"{path}:", root);
        pool.HasOnly("memoryBudget", "models");
        var list = pool.Required("models", "a list of models");
        if (list.ValueKind != JsonValueKind.Array || list.GetArrayLength() == 0) throw pool.Wrong("models", list, "a list of at least one model");
        var models = list.EnumerateArray().Select((model, i) => ReadModel(path, i, model)).ToList();
        for (var i = 0; i < models.Count; i++)
        {
            if (models.FindIndex(model => Names.Same(model.Name, models[i].Name)) is var first && first < i)
                throw new FileException(Invariant($"{path}: models[{i}].name is '{models[i].Name}', as is models[{first}].name; names are unique and case-insensitive."));
        }

        return new PoolFile(ReadBudget(pool), models);
    }

    private static long? ReadBudget(StrictObject pool)
    {
        const string Field = "memoryBudget";
        if (pool.Optional(Field) is not { } value) return null;
        var text = value.ValueKind switch
        {
            JsonValueKind.String => value.GetString()!,
            JsonValueKind.Number => value.GetRawText(),
            _ => "",
        };
        return ByteSize.TryParse(text, out var bytes) ? bytes : throw pool.Wrong(Field, value, ByteSize.Expected);
    }

    private static PoolFileModel ReadModel(string file, int index, JsonElement element)
    {
        var model = new StrictObject(Invariant($"{file}: models[{index}]"), element);
        model.HasOnly("name", "path");
        var path = model.RequiredString("path", "the folder of a model, or a GGUF file");
        var folder = Find(file, path) ?? throw new FileException($"{model.At("path")} is '{path}', which is neither a folder nor a GGUF file, relative to neither the working directory nor the pool file: {WhyNot(file, path)}");
        var name = model.OptionalString("name", "a name that is not empty");

        // A snapshot in the cache has the name of a commit.
        var own = Directory.Exists(folder) && HeliosModels.Find(path) == folder && folder != path ? path.Split('@')[0] : folder;
        return new PoolFileModel(name ?? (ModelArgument.IsGguf(folder) ? Path.GetFileNameWithoutExtension(folder) : Path.GetFileName(Path.TrimEndingDirectorySeparator(own))), folder);
    }

    /// <summary>Relative to the current folder, else to that of the pool file.</summary>
    private static string? Find(string file, string path)
    {
        string[] places = [Path.GetFullPath(path), BesideOf(file, path)];
        return Array.Find(places, place => Directory.Exists(place) || ModelArgument.IsGguf(place)) ?? HeliosModels.Find(path);
    }

    /// <summary>What a checkpoint of that path would be refused for.</summary>
    private static string WhyNot(string file, string path)
    {
        try
        {
            using var never = Checkpoint.Open(File.Exists(BesideOf(file, path)) ? BesideOf(file, path) : path);
            return "it appeared meanwhile.";
        }
        catch (CheckpointException error)
        {
            return error.Message;
        }
    }

    private static string BesideOf(string file, string path) => Path.GetFullPath(path, Path.GetDirectoryName(Path.GetFullPath(file))!);
}

/// <summary>A model of the pool.</summary>
/// <param name="Name">Its name, unique in the pool.</param>
/// <param name="Folder">Absolute path of its folder, or of its GGUF file.</param>
internal sealed record PoolFileModel(string Name, string Folder);
