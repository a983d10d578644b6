using Helios.Sdk.Backends;
using Helios.Sdk.ExitPolicies;
using Helios.Sdk.Models;

namespace Helios.Backends.Testing.Model;

/// <summary>What is out of order or out of range is refused before memory is touched.</summary>
public abstract class MisuseContract<TBackend> : BackendContract<TBackend>, IDisposable
    where TBackend : BackendUnderTest, new()
{
    private readonly Session session = new(Backend, new MemoryCheckpoint(MemoryCheckpoint.Architecture()), maxRows: 8, blocks: 4);

    public void Dispose()
    {
        session.Dispose();
        GC.SuppressFinalize(this);
    }

    [SkippableTheory]
    [InlineData(105, 0, 0, 3)]
    [InlineData(-2, 0, 0, 3)]
    [InlineData(0, -1, 0, 3)]
    [InlineData(0, 256, 0, 3)]
    [InlineData(0, 16, 0, 3)]
    [InlineData(0, 0, 1, 3)]
    [InlineData(0, 0, -1, 3)]
    [InlineData(0, 0, 0, 0)]
    [InlineData(0, 0, 0, 4)]
    public void Rows_out_of_range_are_refused(int token, int position, int firstBlock, int kvDepth)
    {
        Begin([new(token, position, firstBlock, kvDepth)], [new KvBlock(0, 0)]).Should().Throw<ArgumentException>();
        Run(0, 1).Should().Throw<InvalidOperationException>("there is no step");
    }

    [SkippableFact]
    public void A_token_outside_the_vocabulary_is_reported_with_its_row() =>
        Begin([new(0, 0, 0, 3), new(1, 1, 0, 3), new(105, 2, 0, 3)], [new KvBlock(0, 0)]).Should().Throw<StepRowException>().WithMessage("*105*").Which.Row.Should().Be(2);

    [SkippableTheory]
    [InlineData(1, 0)]
    [InlineData(-1, 0)]
    [InlineData(0, 4)]
    [InlineData(0, -1)]
    [InlineData(0, int.MaxValue)]
    public void Blocks_out_of_range_are_refused(int slab, int index) =>
        Begin([new(0, 0, 0, 3)], [new KvBlock(slab, index)]).Should().Throw<ArgumentException>();

    [SkippableFact]
    public void Rows_of_a_sequence_rise_and_fit()
    {
        var block = new KvBlock[] { new(0, 0) };
        Begin([new(0, 1, 0, 3), new(0, 1, 0, 3)], block).Should().Throw<ArgumentException>();
        Begin([new(0, 0, 0, 3), new(0, 1, 0, 2)], block).Should().Throw<ArgumentException>();
        Begin([.. Enumerable.Range(0, 9).Select(i => new StepRow(0, i, 0, 3))], block).Should().Throw<ArgumentException>();
    }

    [SkippableFact]
    public void Layers_run_in_order()
    {
        Begin([new(0, 0, 0, 3), new(1, 1, 0, 3)], [new KvBlock(0, 0)])();
        Run(1, 2).Should().Throw<InvalidOperationException>();
        Run(0, 4).Should().Throw<InvalidOperationException>();
        Run(0, 2)();
        Run(0, 1).Should().Throw<InvalidOperationException>();
        session.Model.Retire([0]);
        var again = () => session.Model.Retire([0]);
        again.Should().Throw<InvalidOperationException>();
        var twice = () => session.Model.Retire([1, 1]);
        twice.Should().Throw<InvalidOperationException>();
        var check = () => session.Check(1);
        check.Should().Throw<InvalidOperationException>("row 0 has retired");
        Sample(2).Should().Throw<ArgumentOutOfRangeException>();
        Sample(0)();
    }

    [SkippableFact]
    public void Rows_that_wait_take_no_part_until_they_have_a_token()
    {
        Begin([new(0, 0, 0, 3), new(StepRow.Unknown, 1, 0, 3), new(StepRow.Unknown, 2, 0, 3)], [new KvBlock(0, 0)])();
        Extend(1, 105).Should().Throw<ArgumentOutOfRangeException>("the vocabulary ends at 104");
        Extend(3, 1).Should().Throw<ArgumentOutOfRangeException>();
        Extend(0, 1).Should().Throw<InvalidOperationException>("row 0 has a token");
        var nothing = () => session.Model.Extend([]);
        nothing.Should().Throw<ArgumentException>();
        Run(0, 2)();
        Sample(0)();
        Sample(1).Should().Throw<InvalidOperationException>("row 1 waits");

        Extend(1, 7)();
        Extend(2, 7).Should().Throw<InvalidOperationException>("row 1 has yet to catch up");
        Sample(0).Should().Throw<InvalidOperationException>("row 0 rests");
        var retire = () => session.Model.Retire([0]);
        retire.Should().Throw<InvalidOperationException>("row 0 rests");
        Run(0, 3).Should().Throw<InvalidOperationException>("row 0 joins at 2");
        Run(0, 2)();
        Run(2, 3)();
        retire();
        Sample(0)();
        Sample(1)();
        retire = () => session.Model.Retire([2]);
        retire.Should().Throw<InvalidOperationException>("row 2 waits");
    }

    [SkippableFact]
    public void Only_a_step_that_starts_at_layer_0_is_extended()
    {
        var rows = new StepRow[] { new(0, 0, 0, 1) };
        Extend(0, 1).Should().Throw<InvalidOperationException>("there is no step");
        session.Model.UseLayers([session.Layers[0]]);
        Begin(rows, [new KvBlock(0, 0)])();
        Run(0, 1)();
        session.Model.UseLayers([session.Layers[1]]);
        Resume(rows, [new KvBlock(0, 0)])();
        Extend(0, 1).Should().Throw<InvalidOperationException>("layer 0 is not in use");
    }

    [SkippableFact]
    public void Resuming_needs_the_same_rows_at_the_depth_they_reached()
    {
        var block = new KvBlock[] { new(0, 0) };
        Resume([new(0, 0, 0, 1)], block).Should().Throw<InvalidOperationException>("there was no step");
        session.Model.UseLayers([session.Layers[0]]);
        Begin([new(0, 0, 0, 1)], block)();
        Run(0, 1)();
        Resume([new(0, 0, 0, 1)], block).Should().Throw<InvalidOperationException>("layer 0 is still in use");

        Begin([new(0, 0, 0, 1)], block)();
        Run(0, 1)();
        session.Model.UseLayers([session.Layers[1]]);
        Begin([new(0, 0, 0, 1)], block).Should().Throw<InvalidOperationException>("a new step starts at layer 0");
    }

    [SkippableFact]
    public void Layers_in_use_are_consecutive_and_of_this_model()
    {
        var gap = () => session.Model.UseLayers([session.Layers[0], session.Layers[2]]);
        gap.Should().Throw<ArgumentException>();
        using var other = new Session(Backend, new MemoryCheckpoint(MemoryCheckpoint.Architecture(hidden: 32)));
        var foreign = () => session.Model.UseLayers(other.Layers);
        foreign.Should().Throw<ArgumentException>();
    }

    private Action Begin(StepRow[] rows, KvBlock[] blocks) => () => session.Model.Begin(new StepBatch { Rows = rows, Blocks = blocks });

    private Action Resume(StepRow[] rows, KvBlock[] blocks) => () => session.Model.Begin(new StepBatch { Rows = rows, Blocks = blocks, Resume = true });

    private Action Run(int start, int end) => () => session.Model.Run(new LayerRange(start, end));

    private Action Extend(int row, int token) => () => session.Model.Extend([new RowToken(row, token)]);

    private Action Sample(int row) => () => session.Model.Sample([new SampleRow(row, 0, 0, 1, 0, ExitSignals.None)], new SampledToken[1]);
}
