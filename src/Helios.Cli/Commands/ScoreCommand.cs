using System.Collections.Immutable;
using System.CommandLine;
using System.Globalization;
using Helios.Cli.Engines;
using Helios.Cli.Errors;
using Helios.Cli.Options;
using Helios.Cli.Output;
using Helios.Cli.Results;
using Helios.Sdk;
using Helios.Sdk.Lab;
using Helios.Sdk.Tokenization;

namespace Helios.Cli.Commands;

/// <summary><c>helios score</c>: a text scored teacher-forced at every depth.</summary>
internal sealed class ScoreCommand : Command
{
    private readonly Argument<string> model = ModelArgument.Create();
    private readonly Option<ImmutableArray<int>?> ids = IdList.Option("--ids", "Token ids to score, without added special tokens.");
    private readonly Option<string?> text = new("--text") { Description = "Text to score; the tokenizer adds its special tokens.", HelpName = "T" };
    private readonly DeviceOptions device = new();

    public ScoreCommand(GlobalOptions global)
        : base("score", "Sum -ln p(next token) over a sequence at every depth.")
    {
        Add(model);
        Add(ids);
        Add(text);
        device.AddTo(this);
        this.ExactlyOneOf(ids, text);
        SetAction((parsed, cancellationToken) => RunAsync(Screen.Of(parsed, global), parsed, cancellationToken));
    }

    private async Task<int> RunAsync(Screen screen, ParseResult parsed, CancellationToken cancellationToken)
    {
        // One layer is loaded to serve; scoring brings the others in one by one.
        var engine = SingleModel.Start(device.Read(parsed), parsed.GetRequiredValue(model), options => options.Adaptation.FixedDepth = 1);
        await using (engine.ConfigureAwait(false))
        {
            await EngineStart.WaitAsync(engine, cancellationToken).ConfigureAwait(false);
            var name = SingleModel.ModelOf(engine).Info.Name;
            var tokenizer = engine.TokenizerOf(name);
            var tokens = parsed.GetValue(ids) ?? [.. tokenizer.Encode(parsed.GetRequiredValue(text)!)];
            var score = await engine.Lab.ScoreAsync(name, tokens, depths: null, cancellationToken).ConfigureAwait(false);
            if (score.Depths.FirstOrDefault(depth => !double.IsFinite(depth.NegativeLogLikelihood)) is { } broken)
                throw new HeliosException(Invariant($"The score of '{name}' at depth {broken.Depth} is not a finite number: its weights hold NaN or infinities."));
            Print(screen, ToResult(score), tokenizer);
        }

        return ExitCode.Done;
    }

    private static Scored ToResult(SequenceScore score) => new(
        score.Tokens,
        score.Depths.ToDictionary(Key, depth => depth.NegativeLogLikelihood, StringComparer.Ordinal),
        score.Depths.ToDictionary(Key, depth => depth.TopId, StringComparer.Ordinal));

    private static string Key(DepthScore score) => score.Depth.ToString(CultureInfo.InvariantCulture);

    private static void Print(Screen screen, Scored scored, ITokenizer tokenizer)
    {
        if (screen.IsJson) screen.Json(scored, CliJson.Lines.Scored);
        else screen.Show(ResultTables.Of(scored, id => $"'{tokenizer.Decode([id], skipSpecialTokens: false)}'"));
    }
}
