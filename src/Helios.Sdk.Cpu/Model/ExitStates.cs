using Helios.Sdk.Cpu.Kernels;
using Helios.Sdk.Cpu.Loading;
using Helios.Sdk.Cpu.Threading;
using Helios.Sdk.Models;

namespace Helios.Sdk.Cpu.Model;

/// <summary>What exits compute of states before their norm and head, in the place of the states: a map, or a feed-forward network.</summary>
internal sealed unsafe class ExitStates
{
    private readonly CpuKernels kernels;
    private readonly Workspace space;
    private readonly MatMulWork product;
    private readonly FeedForward networks;
    private readonly CpuNorm? plain;
    private readonly int size;

    public ExitStates(CpuKernels kernels, WorkerPool pool, Workspace space, ModelArchitecture architecture)
    {
        this.kernels = kernels;
        this.space = space;
        product = new MatMulWork(kernels, pool);
        networks = new FeedForward(kernels, pool, space, architecture, Workspace.LogitRows);
        size = architecture.HiddenSize;
        plain = architecture.Head.Norm is { } norm ? new CpuNorm(norm, space.Ones, null) : null;
    }

    /// <summary>Computes rows of one exit. Rows of <see cref="Workspace.Normed"/> are spent.</summary>
    /// <param name="layer">The layer before the exit, which has a transform.</param>
    /// <param name="states">States <c>[rows][Hidden]</c>; the results take their place.</param>
    /// <param name="rows">Number of rows.</param>
    public void Run(CpuLayerWeights layer, float* states, int rows)
    {
        if (layer.ExitMap is { } map)
        {
            Norm(plain!, states, rows);
            product.Run(map.Weight, space.Normed, space.Hidden, states, space.Hidden, rows);
            AddBias(states, map, rows);
            return;
        }

        var network = layer.ExitNetwork!;
        Norm(layer.ExitFeedForwardNorm!, states, rows);
        networks.RunOwn(network, ((ExitFeedForward)layer.Layout.ExitTransform!).Network, space.Normed, space.Normed, rows);
        AddBias(space.Normed, network.Down, rows);
        for (var row = 0; row < rows; row++) kernels.Add(states + (nint)row * space.Hidden, space.Normed + (nint)row * space.Hidden, Workspace.Pad(size));
    }

    private void Norm(CpuNorm norm, float* states, int rows)
    {
        for (var row = 0; row < rows; row++) kernels.Norm(norm, states + (nint)row * space.Hidden, space.Normed + (nint)row * space.Hidden, size);
    }

    private void AddBias(float* outputs, CpuLinear linear, int rows)
    {
        if (linear.Bias is null) return;
        for (var row = 0; row < rows; row++) kernels.Add(outputs + (nint)row * space.Hidden, linear.Bias, linear.Weight.Rows);
    }
}
