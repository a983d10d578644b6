using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using Helios.Sdk.Adaptation.Candidates;
using Helios.Sdk.Adaptation.Estimation;
using Helios.Sdk.Checkpoints;

namespace Helios.Sdk.Adaptation.Repository;

/// <summary>A model repository as a file: JSON, version 1.</summary>
internal static class RepositoryFile
{
    /// <summary>Version of the format.</summary>
    public const int Version = 1;

    /// <summary>The format; what is written can be read again.</summary>
    public static JsonFormat Format { get; } = new("model repository", 64 << 20, "version", "models");

    /// <summary>Reads a repository.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="CheckpointException">It cannot be read, or something in it is not as it must be: the message names the field, what was found and what was expected.</exception>
    public static ModelRepository Read(string path) => JsonFile.Parse(path, CheckpointFile.ReadAll(path, Format.Longest), RepositoryReader.Read);

    /// <summary>Writes a repository.</summary>
    /// <param name="path">The file; its folder must exist.</param>
    /// <param name="repository">What to write.</param>
    /// <exception cref="IOException">Another file is there, the file system failed, or there is too much to be read again; what was there before is still there.</exception>
    public static void Write(string path, ModelRepository repository) => JsonFile.Write(path, Format, json => RepositoryWriter.Write(json, repository));
}

/// <summary>Writes a repository as JSON; see <see cref="RepositoryReader"/> for the fields.</summary>
internal static class RepositoryWriter
{
    public static void Write(Utf8JsonWriter json, ModelRepository repository)
    {
        json.WriteStartObject();
        json.WriteNumber("version", RepositoryFile.Version);
        if (repository.Usual is { } usual)
        {
            json.WriteStartObject("usual");
            json.WriteNumber("promptTokens", usual.PromptTokens);
            json.WriteNumber("totalTokens", usual.TotalTokens);
            json.WriteEndObject();
        }

        json.WriteStartArray("models");
        foreach (var model in repository.Models) Write(json, model);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, ModelRecord model)
    {
        json.WriteStartObject();
        json.WriteString("name", model.Name);
        json.WriteString("fingerprint", model.Key.Fingerprint);
        json.WriteString("device", model.Key.Device);
        json.WriteString("precision", RepositoryReader.NameOf(model.Key.Precision));
        json.WriteString("at", model.At.ToUniversalTime());
        Write(json, "exits", model.Depths);
        json.WriteStartObject("bytes");
        json.WriteNumber("fixed", model.Size.FixedBytes);
        Write(json, "layers", model.Size.LayerBytes);
        json.WriteNumber("workspace", model.WorkspaceBytes);
        json.WriteEndObject();
        Write(json, model.Costs);
        if (model.Alone is { } alone)
        {
            json.WriteStartObject("alone");
            json.WriteNumber("promptTokens", alone.PromptTokens);
            json.WriteNumber("ttftMs", alone.TtftMs);
            json.WriteNumber("tpotMs", alone.TpotMs);
            json.WriteEndObject();
        }

        if (model.Watts is { } watts) json.WriteNumber("watts", watts);
        json.WriteStartArray("calibration");
        foreach (var exit in model.Calibration) Write(json, exit);
        json.WriteEndArray();
        json.WriteStartArray("requests");
        foreach (var request in model.Requests) Write(json, request);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, StepCosts costs)
    {
        json.WriteStartObject("costs");
        json.WriteNumber("other", costs.OtherSeconds);
        Write(json, "head", costs.Head);
        Write(json, "layer", costs.Layer);
        if (costs.RelativeError is { } error) json.WriteNumber("error", error);
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, string name, RowCurve curve)
    {
        json.WriteStartObject(name);
        json.WriteNumber("base", curve.Base);
        Write(json, "slopes", curve.Slopes);
        json.WriteNumber("perContext", curve.PerContext);
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, ExitBins exit)
    {
        json.WriteStartObject();
        json.WriteNumber("exit", exit.Depth);
        Write(json, "weights", exit.Weights);
        Write(json, "agreed", exit.Agreed);
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, ScoredRequest request)
    {
        json.WriteStartObject();
        json.WriteNumber("text", request.Evidence.Text);
        json.WriteString("at", request.At.ToUniversalTime());
        json.WriteNumber("bytes", request.Evidence.Utf8Bytes);
        json.WriteNumber("tokens", request.Evidence.ServedTokens);
        Write(json, "nats", request.Evidence.Exits.Select(exit => exit.Nats));
        Write(json, "agreed", request.Evidence.Exits.Select(exit => exit.Agreed));
        Write(json, "confidences", request.Evidence.Exits.Select(exit => exit.Confidences));
        Write(json, "highest", request.Evidence.Exits.Select(exit => exit.Highest));
        json.WriteEndObject();
    }

    /// <summary>Histograms on one line, each as level, tokens, level, tokens, ...</summary>
    private static void Write(Utf8JsonWriter json, string name, IEnumerable<ConfidenceHistogram> histograms)
    {
        json.WritePropertyName(name);
        json.WriteRawValue(List(histograms.Select(histogram => List(histogram.Counts.SelectMany(count => (int[])[count.Level, count.Tokens]).Select(Text)))));
    }

    /// <summary>Numbers on one line, so that people can read the rest.</summary>
    private static void Write<T>(Utf8JsonWriter json, string name, IEnumerable<T> numbers)
        where T : struct, IFormattable
    {
        json.WritePropertyName(name);
        json.WriteRawValue(List(numbers.Select(Text)));
    }

    private static string List(IEnumerable<string> items) => $"[{string.Join(", ", items)}]";

    private static string Text<T>(T number)
        where T : struct, IFormattable => number.ToString(null, CultureInfo.InvariantCulture);
}
