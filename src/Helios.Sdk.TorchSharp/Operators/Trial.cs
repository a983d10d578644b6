using TorchSharp;

namespace Helios.Sdk.TorchSharp.Operators;

/// <summary>Whether operators do on a device what they are said to do: each is run once on numbers whose result is known.</summary>
internal static class Trial
{
    /// <summary>Tries the product with weights in 8 bits; null when it is right, else why it cannot be used.</summary>
    public static string? Int8(torch.Device device)
    {
        using var mode = torch.inference_mode();
        using var scope = torch.NewDisposeScope();
        try
        {
            foreach (var type in new[] { ScalarType.Float32, ScalarType.BFloat16 })
            {
                // Whole numbers that every type holds, and sums of them that bfloat16 holds too.
                var x = torch.arange(5 * 32, ScalarType.Int64).remainder(3).sub(1).view(5, 32).to(type).to(device);
                var weights = torch.arange(3 * 32, ScalarType.Int64).remainder(5).sub(2).view(3, 32).to(ScalarType.Int8).to(device);
                var scales = torch.tensor(new[] { 0.5f, 1, 2 }).to(type).to(device);
                var expected = x.matmul(weights.to(type).mul(scales.unsqueeze(1)).t());
                if (!TorchOperators.Int8Product(x, weights, scales).eq(expected).all().item<bool>()) return $"_weight_int8pack_mm of torch {Dispatcher.Version} gives wrong numbers in {type}.";
            }

            return null;
        }
        catch (InvalidOperationException error)
        {
            return error.Message;
        }
    }
}
