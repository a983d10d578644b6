using Helios.Sdk.Backends;
using Helios.Sdk.ExitPolicies;
using Helios.Sdk.Models;

namespace Helios.Backends.Testing.Loading;

/// <summary>Models, layers and their memory come and go; every byte is reserved while it is held, and given back.</summary>
public abstract class LifetimeContract<TBackend> : BackendContract<TBackend>
    where TBackend : BackendUnderTest, new()
{
    private static readonly int[] Tokens = Checkpoints.Text;

    [SkippableTheory]
    [MemberData(nameof(VariantsAndPrecisions))]
    public void Models_one_after_another_leave_nothing_behind(string variant, Precision precision)
    {
        var checkpoint = Checkpoints.Named["one head for all, own exits"]();
        for (var i = 0; i < 5; i++)
        {
            using var session = new Session(Backend, checkpoint, variant: variant, precision: precision);
            session.Run(session.Table(Tokens.Length), Tokens, 0);
            session.AllocatedBytes.Should().Be(session.Budget.Used);
        }
    }

    [SkippableTheory]
    [MemberData(nameof(Precisions))]
    public async Task Layers_come_and_go_over_a_model_that_runs(Precision precision)
    {
        var checkpoint = Checkpoints.Named["one head for all, own exits"]();
        using var session = new Session(Backend, checkpoint, precision: precision, depth: 1, kvLayers: 3);
        var table = session.Table(Tokens.Length);
        var (held, shallow, deep) = (session.AllocatedBytes, Signals(session, table, 1), Array.Empty<ExitSignal>());
        for (var i = 0; i < 20; i++)
        {
            using var second = await LoadAsync(session, checkpoint, 1, precision);
            using var third = await LoadAsync(session, checkpoint, 2, precision);
            session.Model.UseLayers([session.Layers[0], second, third]);
            var signals = Signals(session, table, 3);
            session.AllocatedBytes.Should().Be(session.Budget.Used).And.Be(held + session.Size.LayerBytes[1] + session.Size.LayerBytes[2]);
            if (i == 0) deep = signals;
            session.MustBeSame(signals, deep, "the layers are the same");

            session.Model.UseLayers(session.Layers);
            session.MustBeSame(Signals(session, table, 1), shallow, "the layer has not changed");
        }

        session.AllocatedBytes.Should().Be(session.Budget.Used).And.Be(held);
    }

    [SkippableFact]
    public async Task Loading_beside_a_model_that_runs_changes_nothing_it_says()
    {
        var checkpoint = Checkpoints.Named["untied, bf16"]();
        using var session = new Session(Backend, checkpoint, depth: 2);
        var table = session.Table(Tokens.Length);
        var expected = session.Run(table, Tokens, 0);
        var loading = Task.Run(async () =>
        {
            for (var i = 0; i < 20; i++) (await LoadAsync(session, checkpoint, 2, Precision.Auto)).Dispose();
        });
        do session.MustBeSame(session.Run(table, Tokens, 0), expected);
        while (!loading.IsCompleted);
        await loading;
        session.AllocatedBytes.Should().Be(session.Budget.Used);
    }

    private static async Task<ILayerWeights> LoadAsync(Session session, MemoryCheckpoint checkpoint, int layer, Precision precision) =>
        await session.Backend.Loader.LoadLayerAsync(checkpoint, layer, precision, session.Budget.TryReserve(session.Size.LayerBytes[layer])!, default);

    private static ExitSignal[] Signals(Session session, KvBlock[] table, int depth)
    {
        session.Model.Begin(new StepBatch { Rows = Tokens.Select((token, i) => new StepRow(token, i, 0, depth)).ToArray(), Blocks = table });
        session.Model.Run(LayerRange.To(depth));
        return session.Check(Tokens.Length);
    }
}
