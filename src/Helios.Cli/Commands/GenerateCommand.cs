using System.Collections.Immutable;
using System.CommandLine;
using Helios.Cli.Engines;
using Helios.Cli.Errors;
using Helios.Cli.Options;
using Helios.Cli.Output;
using Helios.Cli.Results;
using Helios.Sdk;
using Helios.Sdk.Models;

namespace Helios.Cli.Commands;

/// <summary><c>helios generate</c>: one answer from a model, or from its first layers.</summary>
internal sealed class GenerateCommand : Command
{
    private readonly Argument<string> model = ModelArgument.Create();
    private readonly GenerationOptions generation = new();
    private readonly Option<string?> depth = EngineOptions.Create("--depth", "E", "Layers to load; all by default.");
    private readonly Option<string?> exitPolicy = EngineOptions.Create("--exit-policy", "P", "none (the default), confidence:0.8, top1:0.9, margin:0.3, entropy:1.5 or patience:2.");
    private readonly Option<string?> lossless = EngineOptions.Create("--lossless", "E");
    private readonly DeviceOptions device = new();

    public GenerateCommand(GlobalOptions global)
        : base("generate", "Generate an answer to a prompt.")
    {
        Add(model);
        generation.AddTo(this);
        Add(depth);
        Add(exitPolicy);
        Add(lossless);
        device.AddTo(this);
        SetAction((parsed, cancellationToken) => RunAsync(Screen.Of(parsed, global), parsed, cancellationToken));
    }

    private async Task<int> RunAsync(Screen screen, ParseResult parsed, CancellationToken cancellationToken)
    {
        var request = generation.Read(parsed);
        if (request.LogProbabilities is not null && !screen.IsJson) throw new UsageException("--logprobs needs --json: the text output does not contain them.");
        var engine = SingleModel.Start(device.Read(parsed), parsed.GetRequiredValue(model), options => EngineOptions.Apply(parsed, [depth, exitPolicy, lossless], options));
        await using (engine.ConfigureAwait(false))
        {
            var answer = new Answer(TimeProvider.System);
            await answer.ReadAsync(engine, request, update => ShowPiece(screen, update.Text), cancellationToken).ConfigureAwait(false);
            var result = ToResult(answer, engine);
            Print(screen, request.LogProbabilities is null ? result : result with { Logprobs = [.. answer.LogProbabilities.Select(ToLogprobs)] });
            cancellationToken.ThrowIfCancellationRequested();
            return answer.IsCancelled ? ExitCode.Failed : ExitCode.Done;
        }
    }

    private static Generated ToResult(Answer answer, HeliosEngine engine)
    {
        var loaded = SingleModel.ModelOf(engine);
        return new Generated(
            answer.Ids,
            answer.Text,
            answer.Depths,
            answer.FinishReason,
            loaded.LoadedLayers,
            loaded.LoadedLayers == 0 ? 0 : loaded.Size.ToDepth(loaded.LoadedLayers),
            engine.Snapshot.KvPeakBytes,
            answer.TimeToFirstToken.TotalMilliseconds,
            answer.TimePerOutputToken.TotalMilliseconds);
    }

    private static GeneratedLogprobs ToLogprobs(TokenLogProbabilities known) => new(
        Units.Finite(known.LogProbability),
        [.. known.Likeliest.Select(token => new GeneratedLogprob(token.TokenId, Units.Finite(token.LogProbability)))]);

    private static void ShowPiece(Screen screen, string text)
    {
        if (!screen.IsJson) screen.Text(text);
    }

    private static void Print(Screen screen, Generated result)
    {
        if (screen.IsJson)
        {
            screen.Json(result, CliJson.Lines.Generated);
            return;
        }

        screen.Text(Environment.NewLine);
        screen.Remark(Invariant($"{result.Ids.Length} tokens ({result.FinishReason}), {result.LoadedLayers} layers, {Units.Bytes(result.WeightBytes)} of weights, ")
            + $"{Units.Bytes(result.KvBytes)} of KV, first token after {Units.Number(result.TtftMs, "0.0")} ms, then {Units.Number(result.TpotMs, "0.00")} ms a token");
    }
}
