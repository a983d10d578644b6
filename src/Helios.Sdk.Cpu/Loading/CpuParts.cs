using Helios.Sdk.Backends;
using Helios.Sdk.Cpu.Formats;
using Helios.Sdk.Cpu.Memory;
using Helios.Sdk.Models;

namespace Helios.Sdk.Cpu.Loading;

/// <summary>One layer's weights in native memory.</summary>
internal sealed unsafe class CpuLayerWeights : ILayerWeights
{
    private readonly NativeBuffer memory;
    private readonly MemoryReservation reservation;

    public CpuLayerWeights(ModelArchitecture architecture, int layer, LayerPlan plan, WeightReader reader, NativeBuffer memory, MemoryReservation reservation)
    {
        Architecture = architecture;
        Layer = layer;
        AttentionNorm = reader.Read(plan.AttentionNorm);
        QueryKeyValue = reader.Read(plan.QueryKeyValue);
        AttentionOutput = reader.Read(plan.AttentionOutput);
        FeedForwardNorm = reader.Read(plan.FeedForwardNorm);
        GateUp = reader.Read(plan.GateUp);
        Down = reader.Read(plan.Down);
        ExitNorm = plan.ExitNorm is { } norm ? reader.Read(norm) : null;
        ExitHead = plan.ExitHead is { } head ? reader.Read(head) : null;
        this.memory = memory;
        this.reservation = reservation;
    }

    public ModelArchitecture Architecture { get; }

    public int Layer { get; }

    public long Bytes => memory.Bytes;

    /// <summary><c>[hidden]</c>, padded.</summary>
    public float* AttentionNorm { get; }

    /// <summary>Rows of all query heads, then key heads, then value heads, each padded to a block; columns <c>[hidden]</c>.</summary>
    public PackedMatrix QueryKeyValue { get; }

    /// <summary><c>[hidden, heads x headDim]</c>.</summary>
    public PackedMatrix AttentionOutput { get; }

    /// <summary><c>[hidden]</c>, padded.</summary>
    public float* FeedForwardNorm { get; }

    /// <summary>Rows of the gate, then of up, each padded to a block; columns <c>[hidden]</c>.</summary>
    public PackedMatrix GateUp { get; }

    /// <summary><c>[hidden, feedForward]</c>.</summary>
    public PackedMatrix Down { get; }

    /// <summary>Norm of the exit behind this layer; null where it shares the final one.</summary>
    public float* ExitNorm { get; }

    /// <summary>Head of the exit behind this layer; null where it shares the final one.</summary>
    public PackedMatrix? ExitHead { get; }

    public void Dispose()
    {
        memory.Dispose();
        reservation.Dispose();
    }
}

/// <summary>Embedding, final norm and head in native memory.</summary>
internal sealed unsafe class CpuFixedPart : IFixedPart
{
    private readonly NativeBuffer memory;
    private readonly MemoryReservation reservation;
    private readonly PackedMatrix embedding;

    public CpuFixedPart(ModelArchitecture architecture, FixedPlan plan, WeightReader reader, NativeBuffer memory, MemoryReservation reservation)
    {
        Architecture = architecture;
        FinalNorm = reader.Read(plan.FinalNorm);
        Head = reader.Read(plan.Head);
        embedding = plan.Embedding is { } table ? reader.Read(table) : Head;
        this.memory = memory;
        this.reservation = reservation;
    }

    public ModelArchitecture Architecture { get; }

    public long Bytes => memory.Bytes;

    /// <summary><c>[hidden]</c>, padded.</summary>
    public float* FinalNorm { get; }

    /// <summary><c>[vocabulary, hidden]</c>.</summary>
    public PackedMatrix Head { get; }

    /// <summary>Writes the embedding of a token, <c>[hidden]</c>.</summary>
    public void Embed(int token, float* destination) => embedding.Row(token, destination);

    public void Dispose()
    {
        memory.Dispose();
        reservation.Dispose();
    }
}
