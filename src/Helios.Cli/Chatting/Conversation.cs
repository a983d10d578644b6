using Helios.Cli.Engines;
using Helios.Cli.Errors;
using Helios.Cli.Output;
using Helios.Sdk;

namespace Helios.Cli.Chatting;

/// <summary>How a conversation is held.</summary>
/// <param name="System">System prompt; null for none.</param>
/// <param name="MaxTokens">Most tokens of an answer; null for what fits.</param>
/// <param name="Temperature">0 takes the likeliest token; null is the model's default.</param>
internal sealed record ChatSettings(string? System, int? MaxTokens, float? Temperature);

/// <summary>Reads lines, answers them over the model's chat template, and shows the depth of every token. Used by one caller at a time.</summary>
/// <param name="engine">Serves one model.</param>
/// <param name="screen">Where answers go.</param>
/// <param name="settings">How answers are asked for.</param>
/// <param name="interrupts">End an answer early.</param>
/// <param name="time">The clock.</param>
internal sealed class Conversation(HeliosEngine engine, Screen screen, ChatSettings settings, Interrupts interrupts, TimeProvider time)
{
    private readonly List<ChatTurn> turns = [];
    private readonly SortedDictionary<int, int> depths = [];
    private Answer? latest;

    /// <summary>Runs until the input ends or <c>/exit</c>.</summary>
    public async Task<int> RunAsync(TextReader input, CancellationToken cancellationToken)
    {
        Reset();
        screen.Remark($"{SingleModel.ModelOf(engine).Info.Name}; /help lists the commands, /exit ends.");
        while (true)
        {
            screen.Prompt("> ");
            if (await input.ReadLineAsync(cancellationToken).ConfigureAwait(false) is not { } line) return ExitCode.Done;
            switch (line.Trim())
            {
                case "":
                    break;
                case "/exit" or "/quit":
                    return ExitCode.Done;
                case "/reset":
                    Reset();
                    screen.Remark("The conversation begins anew.");
                    break;
                case "/stats":
                    ShowStats();
                    break;
                case "/point":
                    ShowPoint();
                    break;
                case "/help":
                    screen.Remark("/stats: tokens, times and depths; /point: what serves; /reset: forget the conversation; /exit: end. Ctrl+C ends an answer.");
                    break;
                case ['/', ..] command when !command.Contains(' ', StringComparison.Ordinal):
                    screen.Remark($"There is no command '{command}'; /help lists them.");
                    break;
                default:
                    await AnswerAsync(line, cancellationToken).ConfigureAwait(false);
                    break;
            }
        }
    }

    private void Reset()
    {
        turns.Clear();
        if (settings.System is { } system) turns.Add(new ChatTurn("system", system));
    }

    private async Task AnswerAsync(string line, CancellationToken cancellationToken)
    {
        turns.Add(new ChatTurn("user", line));
        var request = GenerationRequest.FromMessages([.. turns]) with { MaxTokens = settings.MaxTokens, Sampling = new() { Temperature = settings.Temperature } };
        var layers = SingleModel.ModelOf(engine).Info.Architecture.Layers;
        var answer = new Answer(time);
        try
        {
            await answer.ReadAsync(engine, request, update => screen.Piece(update.Text, update.ExitDepth, layers), interrupts.Begin(cancellationToken)).ConfigureAwait(false);
        }
        catch (Exception error) when (error is HeliosException or ArgumentException)
        {
            // The next question may do better: one too long for the context, say.
            turns.RemoveAt(turns.Count - 1);
            screen.Remark(error.Message);
            return;
        }
        finally
        {
            interrupts.End();
        }

        screen.Text(Environment.NewLine);
        cancellationToken.ThrowIfCancellationRequested();
        if (answer.IsCancelled) screen.Remark("The answer was cut off.");
        turns.Add(new ChatTurn("assistant", answer.Text));
        latest = answer;
        foreach (var depth in answer.Depths) depths[depth] = depths.GetValueOrDefault(depth) + 1;
    }

    private void ShowStats()
    {
        if (latest is not { } last)
        {
            screen.Remark("Nothing was answered yet.");
            return;
        }

        var tokens = depths.Values.Sum();
        screen.Remark(Invariant($"last answer: {last.Ids.Length} tokens ({last.FinishReason}), first after {last.TimeToFirstToken.TotalMilliseconds:0.0} ms, then {last.TimePerOutputToken.TotalMilliseconds:0.00} ms a token"));
        screen.Remark(Invariant($"all answers: {tokens} tokens, mean depth {depths.Sum(pair => (double)pair.Key * pair.Value) / Math.Max(1, tokens):0.0}; ") + string.Join(", ", depths.Select(pair => Invariant($"depth {pair.Key}: {pair.Value}"))));
    }

    private void ShowPoint()
    {
        var model = SingleModel.ModelOf(engine);
        screen.Remark(Invariant($"{(engine.Decisions is [.., var last] ? last.Chosen.ToString() : model.Info.Name)}: {model.LoadedLayers} of {model.Info.Architecture.Layers} layers, {Units.Bytes(model.Size.ToDepth(model.LoadedLayers))} of weights, {Units.Bytes(engine.Snapshot.KvPeakBytes)} of KV at most"));
    }
}
