using Helios.Sdk.Adaptation.Loading;
using Helios.Sdk.Checkpoints;
using Helios.Sdk.Models;
using Helios.Sdk.Serving.Requests;
using Helios.Sdk.Tests.Serving.Fakes;

namespace Helios.Sdk.Tests.Adaptation.Loading;

public sealed class PacedCheckpointTests
{
    [Theory]
    [InlineData(0.125, 2, 1, 3)] // a quarter of one processor: three parts of pause to one of work
    [InlineData(0.125, 4, 1, 1)]
    [InlineData(0.125, 8, 1, 0)] // one of eight is its share
    [InlineData(0.125, 64, 1, 0)]
    [InlineData(1, 1, 1, 0)]
    [InlineData(0.125, 2, 10_000, 150)] // what it did in ten seconds was not reading
    public void A_pause_is_as_long_as_the_share_makes_it(double share, int processors, double workMs, double pauseMs) =>
        new LoadPace(share, processors, new SequenceTable(), TimeProvider.System).DueAfter(TimeSpan.FromMilliseconds(workMs)).TotalMilliseconds.Should().BeApproximately(pauseMs, 1e-9);

    [Fact]
    public void It_pauses_while_requests_run_and_only_then()
    {
        using var rig = new LoopRig().Serve();
        var pace = new LoadPace(1e-5, processors: 1, rig.Loop.Sequences, new TickingClock());
        using var paced = new PacedCheckpoint(Checkpoint.Open(TestData.Model("tiny-s")), pace);
        using var plain = Checkpoint.Open(TestData.Model("tiny-s"));
        paced.TryGetTensor(new TensorKey(TensorRole.FinalNorm), out var norm).Should().BeTrue();
        var (bytes, expected) = (new byte[norm.Bytes], new byte[norm.Bytes]);
        plain.TryGetTensor(new TensorKey(TensorRole.FinalNorm), out var same);
        plain.Read(same, 0, expected);
        paced.Read(norm, 0, bytes);
        bytes.Should().Equal(expected);

        // On this clock a microsecond has passed, of which a hundred thousandth is allowed: a pause of a tenth of a second.
        rig.Submit(LoopRig.Prompt(4, 1), maxTokens: 4);
        rig.Step();
        var started = TimeProvider.System.GetTimestamp();
        paced.Read(norm, 0, bytes);
        TimeProvider.System.GetElapsedTime(started).Should().BeGreaterThan(TimeSpan.FromMilliseconds(90));
    }
}
