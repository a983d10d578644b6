using Helios.Sdk.Backends;
using Helios.Sdk.Cpu.Formats;
using Helios.Sdk.Cpu.Memory;
using Helios.Sdk.Models;

namespace Helios.Sdk.Cpu.Loading;

/// <summary>A norm in native memory, padded with zeros. A view; the memory belongs to the part it was loaded with.</summary>
internal sealed unsafe class CpuNorm(NormLayout layout, float* weight, float* bias)
{
    public NormLayout Layout { get; } = layout;

    /// <summary>Weights; those of <see cref="NormKind.RmsOffset"/> with the 1 added.</summary>
    public float* Weight { get; } = weight;

    /// <summary>Biases; null for none.</summary>
    public float* Bias { get; } = bias;
}

/// <summary>A projection in native memory. A view.</summary>
internal sealed unsafe class CpuLinear(PackedMatrix weight, float* bias)
{
    public PackedMatrix Weight { get; } = weight;

    /// <summary>One for each row of the matrix, padding included; null for none.</summary>
    public float* Bias { get; } = bias;
}

/// <summary>A feed-forward network: rows of the gate, where there is one, then of up, each padded to a block; and down.</summary>
internal sealed record CpuNetwork(CpuLinear GateUp, CpuLinear Down);

/// <summary>One layer's weights in native memory.</summary>
internal sealed unsafe class CpuLayerWeights : ILayerWeights
{
    private readonly NativeBuffer memory;
    private readonly MemoryReservation reservation;

    public CpuLayerWeights(ModelArchitecture architecture, int layer, LayerPlan plan, WeightReader reader, NativeBuffer memory, MemoryReservation reservation)
    {
        Architecture = architecture;
        Layer = layer;
        Layout = plan.Layout;
        AttentionNorm = reader.Read(plan.AttentionNorm);
        QueryKeyValue = reader.Read(plan.QueryKeyValue);
        QueryNorm = reader.Read(plan.QueryNorm);
        KeyNorm = reader.Read(plan.KeyNorm);
        AttentionOutput = reader.Read(plan.AttentionOutput);
        AttentionPostNorm = reader.Read(plan.AttentionPostNorm);
        FeedForwardNorm = reader.Read(plan.FeedForwardNorm);
        Router = plan.Router is { } router ? reader.Read(router) : null;
        Networks = [.. plan.Networks.Select(network => new CpuNetwork(reader.Read(network.GateUp), reader.Read(network.Down)))];
        FeedForwardPostNorm = reader.Read(plan.FeedForwardPostNorm);
        ExitNorm = reader.Read(plan.ExitNorm);
        ExitHead = plan.ExitHead is { } head ? reader.Read(head) : null;
        ExitMap = plan.ExitMap is { } map ? reader.Read(map) : null;
        ExitFeedForwardNorm = reader.Read(plan.ExitFeedForwardNorm);
        ExitNetwork = plan.ExitNetwork is { } own ? new CpuNetwork(reader.Read(own.GateUp), reader.Read(own.Down)) : null;
        this.memory = memory;
        this.reservation = reservation;
    }

    public ModelArchitecture Architecture { get; }

    public int Layer { get; }

    public LayerLayout Layout { get; }

    public long Bytes => memory.Bytes;

    public CpuNorm? AttentionNorm { get; }

    /// <summary>Rows of all query heads, then key heads, then value heads, each padded to a block; columns <c>[hidden]</c>.</summary>
    public CpuLinear QueryKeyValue { get; }

    public CpuNorm? QueryNorm { get; }

    public CpuNorm? KeyNorm { get; }

    /// <summary><c>[hidden, heads x headDim]</c>.</summary>
    public CpuLinear AttentionOutput { get; }

    public CpuNorm? AttentionPostNorm { get; }

    public CpuNorm? FeedForwardNorm { get; }

    /// <summary><c>[experts, hidden]</c>; null where there are no experts.</summary>
    public PackedMatrix? Router { get; }

    /// <summary>One for each expert; one where there are none.</summary>
    public CpuNetwork[] Networks { get; }

    public CpuNorm? FeedForwardPostNorm { get; }

    /// <summary>Norm of the exit behind this layer; null where it shares the final one.</summary>
    public CpuNorm? ExitNorm { get; }

    /// <summary>Head of the exit behind this layer; null where it shares the final one.</summary>
    public PackedMatrix? ExitHead { get; }

    /// <summary>Map of the exit behind this layer <c>[hidden, hidden]</c>; null without one.</summary>
    public CpuLinear? ExitMap { get; }

    /// <summary>Norm of the input of <see cref="ExitNetwork"/>.</summary>
    public CpuNorm? ExitFeedForwardNorm { get; }

    /// <summary>Feed-forward network of the exit behind this layer; null without one.</summary>
    public CpuNetwork? ExitNetwork { get; }

    /// <summary>First key element in a row of projections.</summary>
    public int KeyOffset => Padded(Layout.Attention.QuerySize);

    /// <summary>First value element in a row of projections.</summary>
    public int ValueOffset => KeyOffset + Padded(Layout.Attention.KvSize);

    public void Dispose()
    {
        memory.Dispose();
        reservation.Dispose();
    }

    private static int Padded(int elements) => (elements + PackedMatrix.BlockRows - 1) / PackedMatrix.BlockRows * PackedMatrix.BlockRows;
}

/// <summary>Embedding, final norm and head in native memory.</summary>
internal sealed unsafe class CpuFixedPart : IFixedPart
{
    private readonly NativeBuffer memory;
    private readonly MemoryReservation reservation;
    private readonly PackedMatrix embedding;
    private readonly PackedMatrix? positions;

    public CpuFixedPart(ModelArchitecture architecture, FixedPlan plan, WeightReader reader, NativeBuffer memory, MemoryReservation reservation)
    {
        Architecture = architecture;
        FinalNorm = reader.Read(plan.FinalNorm);
        var head = reader.Read(plan.Head);
        Head = head.Weight;
        HeadBias = head.Bias;
        embedding = plan.Embedding is { } table ? reader.Read(table) : Head;
        positions = plan.Positions is { } learnt ? reader.Read(learnt) : null;
        EmbeddingProjection = plan.EmbeddingProjection is { } into ? reader.Read(into) : null;
        HeadProjection = plan.HeadProjection is { } outOf ? reader.Read(outOf) : null;
        this.memory = memory;
        this.reservation = reservation;
    }

    public ModelArchitecture Architecture { get; }

    public long Bytes => memory.Bytes;

    /// <summary>Null for a model without one.</summary>
    public CpuNorm? FinalNorm { get; }

    /// <summary><c>[vocabulary, width]</c>.</summary>
    public PackedMatrix Head { get; }

    /// <summary><c>[vocabulary]</c>, padded; null for none.</summary>
    public float* HeadBias { get; }

    /// <summary><c>[hidden, width]</c>; null where the embedding is as wide as the residual stream.</summary>
    public PackedMatrix? EmbeddingProjection { get; }

    /// <summary><c>[width, hidden]</c>; null where the embedding is as wide as the residual stream.</summary>
    public PackedMatrix? HeadProjection { get; }

    /// <summary>Writes the embedding of a token, <c>[width]</c>.</summary>
    public void Embed(int token, float* destination) => embedding.Row(token, destination);

    /// <summary>Writes the learned position's row, <c>[hidden]</c>; false for a model without them.</summary>
    public bool TryReadPosition(int position, float* destination)
    {
        if (positions is null) return false;
        positions.Row(position + Architecture.Embedding.Positions!.Offset, destination);
        return true;
    }

    public void Dispose()
    {
        memory.Dispose();
        reservation.Dispose();
    }
}
