using Helios.Sdk.Models;

namespace Helios.Sdk.Checkpoints.Opening;

/// <summary>Puts the maps and feed-forward networks of a sidecar's exits into the architecture.</summary>
/// <param name="set">The files, which say how wide a network is.</param>
/// <param name="sidecarPath">For messages.</param>
internal sealed class ExitTransforms(TensorSet set, string sidecarPath)
{
    /// <summary>The architecture with what exits compute; its layers are the same where they compute nothing.</summary>
    /// <exception cref="CheckpointException">A tensor is missing, or what is asked for does not fit the model.</exception>
    public ModelArchitecture Settle(ModelArchitecture read, Sidecar sidecar)
    {
        var transforms = sidecar.Exits.Where(exit => exit.Map is not null || exit.Network is not null).ToDictionary(exit => exit.Depth - 1, exit => Of(read, exit));
        return transforms.Count == 0 ? read : read with
        {
            Stack = new LayerSequence(read.Stack.Select((layer, i) => transforms.TryGetValue(i, out var transform) ? layer with { ExitTransform = transform } : layer)),
        };
    }

    /// <summary>Finds a tensor that the sidecar names.</summary>
    public TensorPlace Require(SidecarTensor tensor) => set.FindAnywhere(tensor.Name)
        ?? throw CheckpointError.File(sidecarPath, $"field '{tensor.Field}' names tensor '{CheckpointError.Show(tensor.Name)}', which is in no safetensors file of the folder");

    /// <summary>Refuses the bias of a norm whose kind has none.</summary>
    public void RefuseBias(SidecarTensors? norm)
    {
        if (norm?.Bias is { } bias) throw CheckpointError.Field(sidecarPath, bias.Field, "given", "none: such norms of this model have no bias");
    }

    private ExitTransform Of(ModelArchitecture read, SidecarExit exit)
    {
        if (exit.Map is { } map)
        {
            if (read.Head.Norm is null) throw CheckpointError.Field(sidecarPath, map.Weight.Field, "given", "none: the model has no final norm, which the input of a map goes through");
            return new ExitMap(map.Bias is not null);
        }

        var (layer, network) = (read.Stack[exit.Depth - 1], exit.Network!);
        if (layer.Norm.Kind != NormKind.Layer) RefuseBias(network.Norm);
        var inside = new FeedForwardLayout(SizeOf(network.Up.Weight, read.HiddenSize), layer.FeedForward.Activation) { IsGated = network.Gate is not null, HasBias = network.Up.Bias is not null };
        return new ExitFeedForward(inside, layer.Norm with { HasBias = network.Norm.Bias is not null });
    }

    private int SizeOf(SidecarTensor up, int hidden)
    {
        var place = Require(up);
        if (place.Entry.Shape is [> 0 and <= int.MaxValue and var size, var columns] && columns == hidden) return (int)size;
        throw CheckpointError.Tensor(set.Files[place.File].Path, up.Name, Invariant($"has shape {CheckpointError.Show(place.Entry.Shape)}, expected [size of the network, {hidden}]"));
    }
}
