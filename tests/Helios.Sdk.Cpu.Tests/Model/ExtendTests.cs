using Helios.Sdk.Cpu.Tests.Support;

namespace Helios.Sdk.Cpu.Tests.Model;

/// <summary>Rows that join a step under way get the bits they get on their own.</summary>
public sealed class ExtendTests
{
    private const int Exit = 2;
    private static readonly int[] Positions = [1, 15, 30];

    [Theory]
    [MemberData(nameof(ModelTests.WidthsAndPrecisions), MemberType = typeof(ModelTests))]
    public void A_step_extended_row_by_row_is_as_many_steps(int width, Precision precision)
    {
        var checkpoint = new RandomCheckpoint(RandomCheckpoint.Architecture(layers: 4, tied: false), exits: new ModelExit(Exit, OwnNorm: true, OwnHead: true));
        using var session = new Session(checkpoint, width: width, precision: precision);
        var expected = Positions.Select((start, s) => OneByOne(session, s, start)).ToArray();
        var found = Extended(session, waitForNothing: 2);

        for (var s = 0; s < Positions.Length; s++) found[s].Should().Equal(expected[s], $"sequence {s}");
    }

    [Fact]
    public void Rows_that_never_get_a_token_change_nothing()
    {
        var checkpoint = new RandomCheckpoint(RandomCheckpoint.Architecture(layers: 4));
        using var session = new Session(checkpoint);
        Extended(session, waitForNothing: 0).SelectMany(rows => rows).Should().Equal(Extended(session, waitForNothing: 3).SelectMany(rows => rows));
    }

    /// <summary>Three tokens of each of three sequences in one step, the later two entering one after the other.</summary>
    private static ExitSignal[][] Extended(Session session, int waitForNothing)
    {
        var tables = Positions.Select((start, s) => Filled(session, s, start)).ToArray();
        var perSequence = 3 + waitForNothing;
        var rows = Positions.SelectMany((start, s) => Enumerable.Range(0, perSequence)
            .Select(i => new StepRow(i == 0 ? Token(s, start) : StepRow.Unknown, start + i, s * tables[0].Length, session.Depth))).ToArray();
        session.Model.Begin(new StepBatch { Rows = rows, Blocks = tables.SelectMany(table => table).ToArray() });
        session.Model.Run(new LayerRange(0, Exit));
        for (var round = 1; round < 3; round++)
        {
            var entering = Positions.Select((start, s) => new RowToken(s * perSequence + round, Token(s, start + round))).ToArray();
            session.Model.Extend(entering);
            session.Model.Run(new LayerRange(0, 1));
            session.Model.Run(new LayerRange(1, Exit));
        }

        var ran = Positions.SelectMany((_, s) => Enumerable.Range(s * perSequence, 3)).ToArray();
        var atExit = Draw(session, ran);
        session.Model.Run(new LayerRange(Exit, session.Depth));
        session.Model.Retire(ran);
        var atTop = Draw(session, ran);
        return [.. Positions.Select((_, s) => Enumerable.Range(3 * s, 3).SelectMany(i => new[] { atExit[i], atTop[i] }).ToArray())];
    }

    private static ExitSignal[] OneByOne(Session session, int sequence, int start)
    {
        var table = Filled(session, sequence, start);
        var signals = new List<ExitSignal>();
        for (var i = 0; i < 3; i++)
        {
            session.Model.Begin(new StepBatch { Rows = [new StepRow(Token(sequence, start + i), start + i, 0, session.Depth)], Blocks = table });
            session.Model.Run(new LayerRange(0, Exit));
            signals.AddRange(Draw(session, [0]));
            session.Model.Run(new LayerRange(Exit, session.Depth));
            session.Model.Retire([0]);
            signals.AddRange(Draw(session, [0]));
        }

        return [.. signals];
    }

    /// <summary>A table whose first tokens have run.</summary>
    private static KvBlock[] Filled(Session session, int sequence, int count)
    {
        var table = session.Table(40);
        session.Run(table, [.. Enumerable.Range(0, count).Select(i => Token(sequence, i))], 0);
        return table;
    }

    private static int Token(int sequence, int position) => (position * 31 + sequence * 17 + 3) % 105;

    private static ExitSignal[] Draw(Session session, int[] rows)
    {
        var tokens = new SampledToken[rows.Length];
        session.Model.Sample(rows.Select(row => new SampleRow(row, 0, 0, 1, 0, ExitSignals.Top1 | ExitSignals.Margin | ExitSignals.Entropy)).ToArray(), tokens);
        return [.. tokens.Select(token => token.Signal)];
    }
}
