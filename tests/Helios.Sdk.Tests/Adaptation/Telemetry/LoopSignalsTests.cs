using Helios.Sdk.Adaptation.Telemetry;

namespace Helios.Sdk.Tests.Adaptation.Telemetry;

/// <summary>What reaches an adaptation loop that is busy.</summary>
public class LoopSignalsTests
{
    private static readonly LoopSignal Due = new(AdaptationTrigger.Reassessment);
    private static readonly LoopSignal Breach = new(AdaptationTrigger.Breach);

    [Fact]
    public async Task Many_signals_of_one_kind_do_not_crowd_out_a_breach()
    {
        var sent = new LoopSignals(new SynchronizationContext());
        for (var i = 0; i < 10; i++) sent.Send(Due);
        sent.Send(Breach);
        sent.Send(Due with { Scored = true });

        await using var signals = sent.ReadAsync(CancellationToken.None).GetAsyncEnumerator();
        (await Next()).Should().Be(Due);
        (await Next()).Should().Be(Breach);
        (await Next()).Should().Be(Due with { Scored = true });

        sent.Send(Due);
        (await Next()).Should().Be(Due, "the one before was read");

        async Task<LoopSignal> Next()
        {
            await signals.MoveNextAsync();
            return signals.Current;
        }
    }

    [Fact]
    public void A_reader_that_waits_goes_on_where_it_was_asked_to()
    {
        var posted = new PostedContext();
        var sent = new LoopSignals(posted);
        var read = new List<LoopSignal>();
        _ = ReadAsync();
        sent.Send(Breach);
        read.Should().BeEmpty("the sender runs nothing of the reader's");
        posted.Run();
        read.Should().Equal(Breach);

        async Task ReadAsync()
        {
            await foreach (var signal in sent.ReadAsync(CancellationToken.None).ConfigureAwait(false)) read.Add(signal);
        }
    }

    private sealed class PostedContext : SynchronizationContext
    {
        private readonly Queue<Action> posted = new();

        public override void Post(SendOrPostCallback d, object? state) => posted.Enqueue(() => d(state));

        public void Run()
        {
            // The test's own context would have what was awaited go on elsewhere.
            SetSynchronizationContext(null);
            while (posted.TryDequeue(out var action)) action();
        }
    }
}
