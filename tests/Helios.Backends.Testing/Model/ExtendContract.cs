using Helios.Sdk.Backends;
using Helios.Sdk.ExitPolicies;
using Helios.Sdk.Models;

namespace Helios.Backends.Testing.Model;

/// <summary>Rows that join a step under way get what they get on their own.</summary>
public abstract class ExtendContract<TBackend> : BackendContract<TBackend>
    where TBackend : BackendUnderTest, new()
{
    private const int Exit = 2;
    private static readonly int[] Positions = [1, 15, 30];

    [SkippableTheory]
    [MemberData(nameof(VariantsAndPrecisions))]
    public void A_step_extended_row_by_row_is_as_many_steps(string variant, Precision precision)
    {
        var checkpoint = new MemoryCheckpoint(MemoryCheckpoint.Architecture(layers: 4, tied: false), exits: new ModelExit(Exit, OwnNorm: true, OwnHead: true));
        using var session = new Session(Backend, checkpoint, variant: variant, precision: precision);
        var expected = Positions.Select((start, s) => OneByOne(session, s, start)).ToArray();
        var found = Extended(session, waitForNothing: 2);

        for (var s = 0; s < Positions.Length; s++) session.MustBeSame(found[s], expected[s], $"sequence {s}");
    }

    [SkippableFact]
    public void Rows_that_get_their_token_before_any_layer_ran_go_with_the_others()
    {
        var checkpoint = new MemoryCheckpoint(MemoryCheckpoint.Architecture(layers: 4));
        using var session = new Session(Backend, checkpoint);
        var table = session.Table(16);
        var expected = session.Run(table, [3, 5, 7], 0);

        session.Model.Begin(new StepBatch { Rows = [new(3, 0, 0, session.Depth), new(StepRow.Unknown, 1, 0, session.Depth), new(StepRow.Unknown, 2, 0, session.Depth)], Blocks = table });
        session.Model.Extend([new(1, 5)]);
        session.Model.Extend([new(2, 7)]);
        session.Model.Run(LayerRange.To(session.Depth));
        session.MustBeSame(session.Check(3), expected);
    }

    [SkippableFact]
    public void Rows_that_never_get_a_token_change_nothing()
    {
        var checkpoint = new MemoryCheckpoint(MemoryCheckpoint.Architecture(layers: 4));
        using var session = new Session(Backend, checkpoint);
        ExitSignal[] without = [.. Extended(session, waitForNothing: 0).SelectMany(rows => rows)];
        session.MustBeSame([.. Extended(session, waitForNothing: 3).SelectMany(rows => rows)], without);
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

    private static ExitSignal[] Draw(Session session, int[] rows) =>
        [.. session.Greedy(rows, ExitSignals.Top1 | ExitSignals.Margin | ExitSignals.Entropy).Select(token => token.Signal)];
}
