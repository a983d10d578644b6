using Helios.Sdk.Adaptation.Candidates;
using Helios.Sdk.Adaptation.Estimation;
using Helios.Sdk.Adaptation.Loading;
using Helios.Sdk.Adaptation.Scoring;
using Helios.Sdk.Adaptation.Telemetry;
using Helios.Sdk.ExitPolicies;
using Helios.Sdk.Scheduling;
using Helios.Sdk.Tests.Hosting;
using Helios.Sdk.Tokenization;

namespace Helios.Sdk.Tests.Adaptation.Scoring;

/// <summary>Texts that a request may bring about, in a candidate's own ids.</summary>
public class TextToScoreTests
{
    [Fact]
    public async Task Ids_that_the_tokenizer_lacks_stand_for_no_text()
    {
        await using var engine = await TestEngine.ServeAsync("tiny-s");
        var candidate = engine.Engine.Parts.Adaptation.Profiles.Candidates[0];
        var entry = engine.Engine.Parts.Device.Pool.Find(candidate.Name);
        var rows = entry.Tokenizer.VocabularySize;
        var text = new FinishedText(new RequestId(1), [5, rows + 1, 6], 1, entry.Tokenizer, engine.Snapshot.Serving!);
        Taps(text).Judged.Utf8Bytes.Should().Be(entry.Tokenizer.GetBytes(6).Length);

        RequestTaps Taps(FinishedText finished)
        {
            var due = TextToScore.For(entry, finished);
            return due.ToTaps(entry.Tokenizer, new ScoredText(candidate.Depths, [.. candidate.Depths.Select(_ => new ExitSignal[due.Tokens.Length])]));
        }
    }

    [Fact]
    public async Task A_prompt_of_special_tokens_alone_can_be_scored_by_another_tokenizer()
    {
        await using var engine = await TestEngine.ServeAsync("tiny-s", more: builder => builder.AddModel(TestData.Model("stories260K")));
        var candidate = engine.Engine.Parts.Adaptation.Profiles.Candidates[0];
        var other = engine.Engine.Parts.Device.Pool.Find("stories260K").Tokenizer;
        var text = new FinishedText(new RequestId(1), [1, .. other.Encode("Once upon a time", addSpecialTokens: false), other.VocabularySize], 1, other, engine.Snapshot.Serving!);

        var entry = engine.Engine.Parts.Device.Pool.Find(candidate.Name);
        var due = TextToScore.For(entry, text);
        var taps = due.ToTaps(entry.Tokenizer, new ScoredText(candidate.Depths, [.. candidate.Depths.Select(_ => new ExitSignal[due.Tokens.Length])]));
        taps.FirstServed.Should().Be(0);
        taps.Positions.Should().Be(due.Tokens.Length - 1);
    }
}
