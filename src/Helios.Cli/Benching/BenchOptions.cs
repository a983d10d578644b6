using System.Collections.Immutable;
using System.CommandLine;
using System.CommandLine.Parsing;
using Helios.Cli.Errors;
using Helios.Cli.Options;
using Helios.Sdk.Models;

namespace Helios.Cli.Benching;

/// <summary>What a bench runs on: a model or a shape, and where.</summary>
internal sealed class BenchOptions
{
    private readonly Argument<string?> model = new("MODEL") { Description = "Folder of a model in Hugging Face layout.", Arity = ArgumentArity.ZeroOrOne };
    private readonly Option<ModelShape?> shape = new("--shape")
    {
        Description = $"Random weights of a shape instead of a model: {ModelShape.Example}.",
        HelpName = "SHAPE",
        CustomParser = ParseShape,
    };

    private readonly DeviceOptions device = new();

    public void AddTo(Command command)
    {
        command.Add(model);
        command.Add(shape);
        device.AddTo(command);
        command.Validators.Add(result =>
        {
            if (result.GetResult(model) is { Tokens.Count: > 0 } == result.GetResult(shape) is { Implicit: false })
                result.AddError("Give exactly one of MODEL, --shape.");
        });
    }

    public BenchSource Source(ParseResult parsed) => new(parsed.GetValue(model), parsed.GetValue(shape));

    public DeviceChoice Device(ParseResult parsed) => device.Read(parsed);

    /// <summary>Depths asked for; each must be one that the model has.</summary>
    public static ImmutableArray<int> CheckDepths(ImmutableArray<int> depths, CheckpointInfo model)
    {
        foreach (var depth in depths)
        {
            if (depth > model.Architecture.Layers)
                throw new UsageException(Invariant($"--depth is {depth}; '{model.Name}' has {model.Architecture.Layers} layers."));
        }

        return depths;
    }

    /// <summary>Tokens asked for; they must lie within the context.</summary>
    public static void CheckTokens(string option, int tokens, CheckpointInfo model)
    {
        var most = model.Architecture.ContextLength;
        if (tokens > most) throw new UsageException(Invariant($"{option} takes {tokens} tokens; the context of '{model.Name}' holds {most}."));
    }

    private static ModelShape? ParseShape(ArgumentResult result)
    {
        try
        {
            return ModelShape.Parse(result.Tokens[0].Value);
        }
        catch (FormatException error)
        {
            result.AddError($"--shape: {error.Message}");
            return null;
        }
    }
}
