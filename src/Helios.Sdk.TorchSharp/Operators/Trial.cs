using TorchSharp;

namespace Helios.Sdk.TorchSharp.Operators;

/// <summary>Whether operators do on a device what they are said to do: each is run once on numbers whose result is known.</summary>
internal static class Trial
{
    /// <summary>Tries the product with weights in 8 bits; null when it is right, else why it cannot be used.</summary>
    public static string? Int8(torch.Device device) => Try("_weight_int8pack_mm", device, [ScalarType.Float32, ScalarType.BFloat16], type =>
    {
        var weights = Numbers(3, 32, 5, -2).to(ScalarType.Int8).to(device);
        var scales = torch.tensor(new[] { 0.5f, 1, 2 }).to(type).to(device);
        return (x => TorchOperators.Int8Product(x, weights, scales), weights.to(type).mul(scales.unsqueeze(1)));
    });

    /// <summary>Tries the product with weights in 4 bits; null when it is right, else why it cannot be used.</summary>
    public static string? Int4(torch.Device device) => Try("_weight_int4pack_mm", device, device.type == DeviceType.CUDA ? [ScalarType.BFloat16] : [ScalarType.Float32, ScalarType.BFloat16], type =>
    {
        var numbers = Numbers(TorchOperators.Int4Rows, 32, 16, 0).to(ScalarType.Byte).to(device);
        var scales = Numbers(1, TorchOperators.Int4Rows, 2, 1).mul(0.25f).to(type).view(1, -1, 1).to(device);
        var packed = TorchOperators.Int4Pack(numbers);
        var pairs = torch.cat([scales, torch.zeros_like(scales)], 2);
        return (x => TorchOperators.Int4Product(x, packed, pairs), numbers.to(type).sub(8f).mul(scales.view(-1, 1)));
    });

    // The product and the weights it is to be with, [outputs, 32], are made for each type of activations.
    private static string? Try(string name, torch.Device device, ScalarType[] types, Func<ScalarType, (Func<Tensor, Tensor> Product, Tensor Weights)> make)
    {
        using var mode = torch.inference_mode();
        using var scope = torch.NewDisposeScope();
        try
        {
            foreach (var type in types)
            {
                var (product, weights) = make(type);
                var x = Numbers(5, 32, 3, -1).to(type).to(device);
                if (!product(x).eq(x.matmul(weights.t())).all().item<bool>()) return $"{name} of torch {Dispatcher.Version} gives wrong numbers in {type}.";
            }

            return null;
        }
        catch (InvalidOperationException error)
        {
            return error.Message;
        }
    }

    // Whole numbers that every type holds, and sums of which bfloat16 holds too.
    private static Tensor Numbers(long rows, long columns, long different, long first) =>
        torch.arange(rows * columns, ScalarType.Int64).remainder(different).add(first).view(rows, columns);
}
