using Helios.Sdk;
using Helios.Sdk.Backends;

namespace Helios.Cli.Benching;

/// <summary>A rig at a depth, and the KV slabs that just hold its sequences, or a prompt.</summary>
internal sealed class RigInSlab : IDisposable
{
    private const int MostPrefillRows = 512;

    private readonly IKvStore kv;

    /// <exception cref="HeliosException">The budget does not hold it.</exception>
    public RigInSlab(BenchedModel model, DecodePlan plan, int depth)
    {
        var batch = plan.Batches.Max();
        var rows = Math.Max(batch, Math.Min(Math.Max(plan.Prefill, plan.Context), MostPrefillRows));
        var size = new RigSize(depth, batch, plan.Context, rows);
        var blocks = Math.Max(checked(batch * size.BlocksPerSequence), RigSize.BlocksFor(plan.Prefill));
        (kv, var table) = model.CreateKv(depth, blocks, Invariant($"KV of {batch} sequences of {plan.Context} tokens"));
        try
        {
            Rig = new DecodeRig(model, kv, table, size);
        }
        catch
        {
            kv.Dispose();
            throw;
        }
    }

    public DecodeRig Rig { get; }

    public void Dispose()
    {
        Rig.Dispose();
        kv.Dispose();
    }
}
