using System.Collections.Immutable;
using System.CommandLine;
using System.Text.Json;
using Helios.Cli.Options;
using Helios.Cli.Output;
using Helios.Cli.Running;
using Helios.Sdk;

namespace Helios.Cli.Tests.Running;

public sealed class EventLogTests
{
    private static readonly DateTimeOffset At = DateTimeOffset.UnixEpoch;
    private static readonly OperatingPoint Shallow = new(new LoadTarget("tiny", 3));
    private static readonly OperatingPoint Deep = new(new LoadTarget("tiny", 6));

    private static readonly AdaptationDecision Deepening = new()
    {
        At = At,
        Trigger = AdaptationTrigger.Breach,
        Previous = Shallow,
        Chosen = Deep,
        Reason = "it must be <deeper>",
        PredictedCost = new ChangeCost(100, double.PositiveInfinity),
        Considered = [new ConsideredPoint(Deep, 2, [new ScoreTerm("load", double.NaN, "s")]), new ConsideredPoint(Shallow, null, [], "too many breaches")],
    };

    public static TheoryData<string> Kinds => [.. Events.Select(happened => happened.Kind)];

    private static ImmutableArray<AdaptationEvent> Events { get; } =
    [
        new AdaptationEvent.Evaluated(At, "tiny", [Profile()], TimeSpan.FromSeconds(1)),
        new AdaptationEvent.Selected(At, Deepening),
        new AdaptationEvent.Loading(At, Deep.Target, 100),
        new AdaptationEvent.Loaded(At, Deep.Target, 100, TimeSpan.FromSeconds(1)),
        new AdaptationEvent.LoadFailed(At, Deep.Target, "no room", null),
        new AdaptationEvent.Breach(At, Shallow, 51, 100),
        new AdaptationEvent.QualityBreach(At, Shallow, "quality gap 0.3 is over 0.1 bits per byte", Profile(), 100, 20),
        new AdaptationEvent.Deepened(At, Deepening),
        new AdaptationEvent.Switched(At, Deepening),
        new AdaptationEvent.Stayed(At, Deepening with { Chosen = Shallow }),
        new AdaptationEvent.Reassessed(At, Deepening),
    ];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Every_event_is_a_line_of_json(string kind)
    {
        var line = JsonDocument.Parse(Print(json: true, kind)).RootElement;
        line.Fields().Should().StartWith(["event", "atMs"]);
        line.Text("event").Should().Be(kind);
        line.Text("model").Should().Be("tiny");
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Every_event_is_a_line_for_people(string kind) => Print(json: false, kind).Should().Contain(kind).And.Contain("tiny");

    [Fact]
    public void A_decision_says_what_was_known_and_why()
    {
        var line = JsonDocument.Parse(Print(json: true, "deepened")).RootElement;
        line.Text("trigger").Should().Be("breach");
        line.Text("act").Should().Be("deepen");
        line.Text("from").Should().Be("tiny@3");
        line.Text("to").Should().Be("tiny@6");
        line.Int("depth").Should().Be(6);
        line.Text("reason").Should().Be("it must be <deeper>");
        line.GetProperty("predictedCost").GetProperty("loadMs").ValueKind.Should().Be(JsonValueKind.Null);
        line.GetProperty("considered").GetArrayLength().Should().Be(2);
        line.GetProperty("considered")[1].Text("infeasibleBecause").Should().Be("too many breaches");
    }

    [Fact]
    public void Changes_are_what_began_to_serve()
    {
        var log = MakeLog(json: true, out _);
        foreach (var happened in Events) log.Add(happened);
        log.Changes.Select(change => (change.From, change.To, change.Trigger)).Should().Equal(("tiny@3", "tiny@6", "breach"), ("tiny@3", "tiny@6", "breach"));
    }

    private static string Print(bool json, string kind)
    {
        var log = MakeLog(json, out var output);
        log.Add(Events.Single(happened => happened.Kind == kind));
        return output.ToString();
    }

    private static EventLog MakeLog(bool json, out StringWriter output)
    {
        output = new StringWriter();
        var global = new GlobalOptions();
        var root = new RootCommand();
        global.AddTo(root);
        root.SetAction(_ => { });
        var parsed = root.Parse(json ? ["--json"] : []);
        parsed.Invoke(new InvocationConfiguration { Output = output, Error = TextWriter.Null });
        return new EventLog(Screen.Of(parsed, global), TimeProvider.System);
    }

    private static PointProfile Profile() => new()
    {
        Point = Deep,
        ModelLayers = 6,
        Throughput = double.PositiveInfinity,
        TpotMs = 1,
        AloneTpotMs = 1,
        TtftMs = 1,
        WeightBytes = 1,
        KvBytesPerSequence = 1,
        MaxBatch = 1,
    };
}
