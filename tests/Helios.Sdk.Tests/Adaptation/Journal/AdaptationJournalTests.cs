using Helios.Sdk.Adaptation;
using Helios.Sdk.Adaptation.Journal;
using Microsoft.Extensions.Logging;

namespace Helios.Sdk.Tests.Adaptation.Journal;

public class AdaptationJournalTests
{
    private static readonly OperatingPoint Present = new(new LoadTarget("small", 6));
    private static readonly OperatingPoint Deeper = new(new LoadTarget("small", 12));

    [Fact]
    public void The_full_record_of_a_decision_is_for_those_who_debug()
    {
        var logger = new Lines(LogLevel.Debug);
        new AdaptationJournal(TimeProvider.System, logger).Decide(Deepened("it costs less"));

        logger.Written.Should().HaveCount(2);
        logger.Written[0].Should().Be("Breach: Deepen small@12, because it costs less");
        logger.Written[1].Should()
            .StartWith("Breach: Deepen small@12, because it costs less").And.Contain("42 bytes in 0.5 s")
            .And.Contain("small@6 is infeasible: breach rate 0.6 is over its limit").And.Contain("small@12 (load 0.5 s) scores -2");
    }

    [Theory]
    [InlineData("it gains 20 % for throughput; 12 texts of a former run are all its evidence", "it gains 20 % for throughput")]
    [InlineData("it gains 20 % for throughput", "it gains 20 % for throughput")]
    public void The_line_of_a_decision_has_its_main_reason(string reason, string main)
    {
        var logger = new Lines(LogLevel.Information);
        new AdaptationJournal(TimeProvider.System, logger).Decide(Deepened(reason));
        logger.Written.Should().Equal($"Breach: Deepen small@12, because {main}");
    }

    [Fact]
    public void The_line_of_a_decision_is_short()
    {
        var logger = new Lines(LogLevel.Information);
        new AdaptationJournal(TimeProvider.System, logger).Decide(Deepened(new string('x', 1000)));
        logger.Written.Should().ContainSingle().Which.Length.Should().BeInRange(100, 160);
    }

    [Fact]
    public void What_was_loaded_is_logged_with_its_bytes_and_told()
    {
        var logger = new Lines(LogLevel.Information);
        var journal = new AdaptationJournal(TimeProvider.System, logger);
        var published = new List<AdaptationEvent>();
        using var observing = journal.Subscribe(published.Add);

        journal.Loaded(new LoadTarget("small", 4), 2_000_000, TimeSpan.FromSeconds(0.25));

        logger.Written.Should().Equal("small@4 is loaded: 2000000 bytes in 0.25 s");
        published.Should().ContainSingle().Which.Should().BeOfType<AdaptationEvent.Loaded>().Which.Bytes.Should().Be(2_000_000);
    }

    [Fact]
    public void It_is_kept_whether_or_not_anybody_logs()
    {
        var logger = new Lines(LogLevel.Warning);
        var journal = new AdaptationJournal(TimeProvider.System, logger);
        var decision = new AdaptationDecision { At = DateTimeOffset.UnixEpoch, Trigger = AdaptationTrigger.Start, Considered = [], Previous = null, Chosen = Present, Reason = "it is all there is" };

        journal.Decide(decision);

        journal.Decisions.Should().Equal(decision);
        logger.Written.Should().BeEmpty();
    }

    private static AdaptationDecision Deepened(string reason) => new()
    {
        At = DateTimeOffset.UnixEpoch,
        Trigger = AdaptationTrigger.Breach,
        Considered = [new ConsideredPoint(Present, null, [], "breach rate 0.6 is over its limit"), new ConsideredPoint(Deeper, -2, [new ScoreTerm("load", 0.5, "s")])],
        Previous = Present,
        Chosen = Deeper,
        Reason = reason,
        PredictedCost = new ChangeCost(42, 0.5),
    };

    private sealed class Lines(LogLevel least) : ILogger<HeliosEngine>
    {
        public List<string> Written { get; } = [];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= least;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) => Written.Add(formatter(state, exception));
    }
}
