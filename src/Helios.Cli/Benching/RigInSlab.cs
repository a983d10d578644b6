using Helios.Sdk;
using Helios.Sdk.Backends;

namespace Helios.Cli.Benching;

/// <summary>A rig at a depth, and the one KV slab that just holds its sequences, or a prompt.</summary>
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
        kv = model.Backend.CreateKvStore(blocks * model.BlockBytes(depth), DecodeRig.TokensPerBlock);
        try
        {
            kv.AddSlab(model.Reserve(kv.SlabBytes, Invariant($"KV of {batch} sequences of {plan.Context} tokens")));
            Rig = new DecodeRig(model, kv, [.. Enumerable.Range(0, blocks).Select(i => new KvBlock(0, i))], size);
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
