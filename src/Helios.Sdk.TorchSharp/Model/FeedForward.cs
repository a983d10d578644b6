using System.Runtime.InteropServices;
using Helios.Sdk.Models;
using Helios.Sdk.TorchSharp.Loading;
using TorchSharp.Modules;

namespace Helios.Sdk.TorchSharp.Model;

/// <summary>
/// The feed-forward part of a layer: one network, or experts. Of experts, each that some row has chosen goes over its rows together; a
/// row adds its experts up in the order of their indices, whatever else is in the step.
/// </summary>
internal sealed class FeedForward(StepConstants constants)
{
    /// <summary>What the last projection of a network takes.</summary>
    /// <param name="layout">The feed-forward part.</param>
    /// <param name="network">The network.</param>
    /// <param name="x"><c>[rows, hidden]</c>.</param>
    /// <returns><c>[rows, feedForward]</c>; rows may lie further apart.</returns>
    public static Tensor Inside(FeedForwardLayout layout, TorchNetwork network, Tensor x)
    {
        var gateUp = network.GateUp.Of(x);
        var gate = layout.IsGated ? gateUp.narrow(1, 0, layout.Size) : gateUp;
        _ = layout.Activation switch
        {
            Activation.Silu => gate.silu_(),
            Activation.Gelu => gate.gelu_(),
            Activation.GeluTanh => gate.gelu_(GELU.Approximate.tanh),
            _ => gate.relu_(),
        };
        if (layout.IsGated) gate.mul_(gateUp.narrow(1, layout.Size, layout.Size));
        return gate;
    }

    /// <summary>The outputs of experts, by the router's weights.</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="x"><c>[rows, hidden]</c>.</param>
    /// <returns><c>[rows, hidden]</c>.</returns>
    public Tensor Mix(TorchLayerWeights layer, Tensor x)
    {
        var layout = layer.Layout.FeedForward;
        var experts = layout.Experts!;
        var all = layer.Router!.Product(x.to(ScalarType.Float32)).softmax(1);
        var (shares, ids) = all.topk(experts.Active, 1);
        if (experts.Normalizes) shares.div_(shares.sum(1, keepdim: true));

        // The host must know which experts are needed: it waits for the device.
        var starts = Sort(ids, experts, out var rows, out var choices);
        var weights = shares.view(-1, 1).index_select(0, choices);
        var sum = torch.zeros(x.shape, dtype: ScalarType.Float32, device: x.device);
        for (var expert = 0; expert < experts.Count; expert++)
        {
            var count = starts[expert + 1] - starts[expert];
            if (count == 0) continue;
            using var scope = torch.NewDisposeScope();
            var mine = rows.narrow(0, starts[expert], count);
            var network = layer.Networks[expert];
            var output = network.Down.Of(Inside(layout, network, x.index_select(0, mine)));
            sum.index_add_(0, mine, output * weights.narrow(0, starts[expert], count), constants.Number(1));
        }

        return sum.to(x.dtype);
    }

    // Sorts choices (row x active + rank) by expert: where those of each start, and on the device their rows and the choices themselves.
    private int[] Sort(Tensor ids, ExpertsLayout experts, out Tensor rows, out Tensor choices)
    {
        using var host = ids.cpu();
        var chosen = MemoryMarshal.Cast<byte, long>(host.bytes);
        var starts = new int[experts.Count + 1];
        foreach (var expert in chosen) starts[expert + 1]++;
        for (var expert = 0; expert < experts.Count; expert++) starts[expert + 1] += starts[expert];
        var next = starts.AsSpan(0, experts.Count).ToArray();
        var sorted = constants.Upload.Room<long>(2 * chosen.Length);
        for (var choice = 0; choice < chosen.Length; choice++)
        {
            var place = next[chosen[choice]]++;
            (sorted[place], sorted[chosen.Length + place]) = (choice / experts.Active, choice);
        }

        var device = constants.Upload.ToDevice(2 * chosen.Length);
        (rows, choices) = (device.narrow(0, 0, chosen.Length), device.narrow(0, chosen.Length, chosen.Length));
        return starts;
    }
}
