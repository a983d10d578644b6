using Helios.Sdk.Cpu.Kernels;
using Helios.Sdk.Cpu.Loading;
using Helios.Sdk.Cpu.Threading;
using Helios.Sdk.Models;

namespace Helios.Sdk.Cpu.Model;

/// <summary>
/// The feed-forward part of a layer: one network, or experts. Of experts, each that some row has chosen goes over its rows together; a
/// row adds its experts up in the order of their indices, whatever else is in the step.
/// </summary>
internal sealed unsafe class FeedForward : IRowWork
{
    private readonly CpuKernels kernels;
    private readonly RowRunner runner;
    private readonly Workspace space;
    private readonly MatMulWork product;
    private readonly int[] chosen;
    private readonly float[] shares;
    private readonly int[] members;
    private FeedForwardLayout layout;
    private CpuNetwork? network;
    private int upOffset;
    private int active;
    private int count;
    private Phase phase;

    public FeedForward(CpuKernels kernels, WorkerPool pool, Workspace space, ModelArchitecture architecture, int maxRows)
    {
        this.kernels = kernels;
        this.space = space;
        runner = new RowRunner(pool);
        product = new MatMulWork(kernels, pool);
        layout = architecture.Stack[0].FeedForward;
        var choices = (long)maxRows * architecture.Stack.Max(layer => layer.FeedForward.Experts?.Active ?? 0);
        (chosen, shares, members) = (new int[choices], new float[choices], new int[maxRows]);
    }

    private enum Phase
    {
        /// <summary>Bias and activation.</summary>
        Activate,

        /// <summary>Choice of experts.</summary>
        Route,

        /// <summary>Inputs of an expert's rows.</summary>
        Gather,

        /// <summary>Outputs of an expert into those of its rows.</summary>
        Scatter,
    }

    /// <summary>Computes outputs, without the bias of the last projection, from normed states.</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="rows">Number of rows at work.</param>
    public void Run(CpuLayerWeights layer, int rows)
    {
        layout = layer.Layout.FeedForward;
        if (layout.Experts is { } experts) RunExperts(layer, experts, rows);
        else RunNetwork(layer.Networks[0], space.Normed, space.Outputs, rows);
    }

    /// <summary>Computes outputs of a network of an exit's own, without the bias of the last projection.</summary>
    /// <param name="own">The network.</param>
    /// <param name="inside">Its layout.</param>
    /// <param name="input">Normed states <c>[rows][Hidden]</c>; spent.</param>
    /// <param name="output">Outputs, as the input; it may be the same place.</param>
    /// <param name="rows">Number of rows.</param>
    public void RunOwn(CpuNetwork own, FeedForwardLayout inside, float* input, float* output, int rows)
    {
        layout = inside;
        RunNetwork(own, input, output, rows);
    }

    public void DoRow(int index)
    {
        switch (phase)
        {
            case Phase.Activate:
                Activate(space.GateUp + (nint)index * space.GateUpStride);
                break;
            case Phase.Route:
                Route(index);
                break;
            case Phase.Gather:
                Copy(space.Normed + (nint)(members[index] / active) * space.Hidden, space.ExpertInputs + (nint)index * space.Hidden);
                break;
            default:
                Scatter(index);
                break;
        }
    }

    private void RunNetwork(CpuNetwork run, float* input, float* output, int rows)
    {
        network = run;
        upOffset = Workspace.Pad(layout.Size);
        product.Run(run.GateUp.Weight, input, space.Hidden, space.GateUp, space.GateUpStride, rows);
        Run(Phase.Activate, rows, space.GateUpStride);
        product.Run(run.Down.Weight, space.GateUp, space.GateUpStride, output, space.Hidden, rows);
    }

    private void RunExperts(CpuLayerWeights layer, ExpertsLayout experts, int rows)
    {
        (count, active) = (experts.Count, experts.Active);
        product.Run(layer.Router!, space.Normed, space.Hidden, space.RouterLogits, space.RouterStride, rows);
        Run(Phase.Route, rows, space.RouterStride);
        for (var row = 0; row < rows; row++) new Span<float>(space.Outputs + (nint)row * space.Hidden, space.Hidden).Clear();
        for (var expert = 0; expert < experts.Count; expert++)
        {
            var found = FindMembers(expert, rows * active);
            if (found == 0) continue;
            Run(Phase.Gather, found, space.Hidden);
            RunNetwork(layer.Networks[expert], space.ExpertInputs, space.ExpertOutputs, found);
            Run(Phase.Scatter, found, space.Hidden);
        }
    }

    private void Run(Phase next, int rows, int elements)
    {
        phase = next;
        runner.Run(this, rows, elements);
    }

    private void Activate(float* gate)
    {
        if (network!.GateUp.Bias is var bias && bias is not null) kernels.Add(gate, bias, layout.IsGated ? 2 * upOffset : upOffset);
        kernels.Activate(layout.Activation, gate, layout.IsGated ? gate + upOffset : null, upOffset);
    }

    // Softmax over all experts, then the largest, lowest index first among equals.
    private void Route(int index)
    {
        var logits = space.RouterLogits + (nint)index * space.RouterStride;
        var max = float.NegativeInfinity;
        for (var expert = 0; expert < count; expert++) max = MathF.Max(max, logits[expert]);
        var total = 0d;
        for (var expert = 0; expert < count; expert++) total += logits[expert] = MathF.Exp(logits[expert] - max);

        var mine = chosen.AsSpan(index * active, active);
        var weights = shares.AsSpan(index * active, active);
        mine.Fill(-1);
        var sum = 0d;
        for (var k = 0; k < active; k++)
        {
            var best = -1;
            for (var expert = 0; expert < count; expert++)
            {
                if ((best < 0 || logits[expert] > logits[best]) && !mine[..k].Contains(expert)) best = expert;
            }

            (mine[k], weights[k]) = (best, (float)(logits[best] / total));
            sum += logits[best] / total;
        }

        if (!layout.Experts!.Normalizes) return;
        foreach (ref var weight in weights) weight = (float)(weight / sum);
    }

    private int FindMembers(int expert, int choices)
    {
        var found = 0;
        for (var choice = 0; choice < choices; choice++)
        {
            if (chosen[choice] == expert) members[found++] = choice;
        }

        return found;
    }

    private void Scatter(int index)
    {
        var output = space.ExpertOutputs + (nint)index * space.Hidden;
        if (network!.Down.Bias is var bias && bias is not null) kernels.Add(output, bias, network.Down.Weight.Rows);
        kernels.AddScaled(space.Outputs + (nint)(members[index] / active) * space.Hidden, output, shares[members[index]], network.Down.Weight.Rows);
    }

    private void Copy(float* from, float* to) => new ReadOnlySpan<float>(from, space.Hidden).CopyTo(new Span<float>(to, space.Hidden));
}
