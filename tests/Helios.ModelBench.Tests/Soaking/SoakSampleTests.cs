using Helios.ModelBench.Soaking;
using Helios.Sdk;

namespace Helios.ModelBench.Tests.Soaking;

public sealed class SoakSampleTests
{
    private static readonly OperatingPoint Point = new(new LoadTarget("tiny", 6));

    [Fact]
    public void Keeps_all_while_there_is_room() => Fill(capacity: 10, count: 7).Kept.Select(Number).Should().Equal(Enumerable.Range(0, 7));

    [Fact]
    public void Keeps_no_more_than_asked_and_each_as_likely_as_any_other()
    {
        var sample = Fill(capacity: 1000, count: 10_000);
        sample.Count.Should().Be(10_000);
        sample.Kept.Select(Number).Should().OnlyHaveUniqueItems().And.HaveCount(1000);
        sample.Kept.Average(Number).Should().BeInRange(4600, 5400);
    }

    private static int Number(SoakStream stream) => stream.Request.MaxTokens!.Value;

    private static SoakSample Fill(int capacity, int count)
    {
        var sample = new SoakSample(capacity, seed: 1);
        for (var i = 0; i < count; i++) sample.Add(new SoakStream(GenerationRequest.FromText("x") with { MaxTokens = i }, Point, [], [], "", null));
        return sample;
    }
}
