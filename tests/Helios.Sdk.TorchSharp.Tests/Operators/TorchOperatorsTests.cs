using Helios.Sdk.TorchSharp.Operators;
using Helios.Sdk.TorchSharp.Tests.Model;

namespace Helios.Sdk.TorchSharp.Tests.Operators;

[Collection(Alone.Name)]
public sealed class TorchOperatorsTests
{
    public TorchOperatorsTests() => TorchUnderTest.RequireTorch();

    [SkippableFact]
    public void The_library_that_is_loaded_says_its_version() => Dispatcher.Version.Should().BeGreaterThanOrEqualTo(new Version(2, 10, 0));

    [SkippableFact]
    public void An_operator_that_is_not_there_is_an_error_and_ends_nothing()
    {
        var call = () => Dispatcher.Call("aten::no_such_operator"u8, []);
        call.Should().Throw<InvalidOperationException>().WithMessage("libtorch 2.*did not run aten::no_such_operator*");
    }

    [SkippableFact]
    public void An_operator_that_refuses_its_arguments_is_an_error_and_ends_nothing()
    {
        using var scope = torch.NewDisposeScope();
        var call = () => TorchOperators.Int8Product(torch.ones(2, 3), torch.ones(4, 5, ScalarType.Int8), torch.ones(4));
        call.Should().Throw<InvalidOperationException>();
    }

    [SkippableTheory]
    [InlineData(ScalarType.Float32, 1e-6)]
    [InlineData(ScalarType.BFloat16, 0.02)]
    [InlineData(ScalarType.Float16, 0.002)]
    public void Rms_norm_divides_by_the_root_of_the_mean_square(ScalarType type, double tolerance)
    {
        using var scope = torch.NewDisposeScope();
        using var mode = torch.inference_mode();
        var (x, weights) = (torch.randn(5, 37).to(type), torch.randn(37).to(type));
        var norm = TorchOperators.RmsNorm(x, weights, 1e-5);
        norm.dtype.Should().Be(type);
        var exact = x.to(ScalarType.Float64);
        var expected = exact / (exact.pow(2).mean([1], keepdim: true) + 1e-5).sqrt() * weights.to(ScalarType.Float64);
        Largest(norm.to(ScalarType.Float64) - expected).Should().BeLessThan(tolerance * Largest(expected));
    }

    [SkippableTheory]
    [InlineData(ScalarType.Float32, 1e-6)]
    [InlineData(ScalarType.BFloat16, 0.01)]
    [InlineData(ScalarType.Float16, 0.002)]
    public void A_product_with_8_bit_weights_is_that_with_their_values(ScalarType type, double tolerance)
    {
        using var scope = torch.NewDisposeScope();
        foreach (var (rows, columns, outputs) in new[] { (1, 32, 16), (3, 48, 105), (64, 512, 333) })
        {
            var (x, weights, scales) = (torch.randn(rows, columns).to(type), torch.randint(-127, 128, new long[] { outputs, columns }, ScalarType.Int8), torch.rand(outputs).to(type));
            var product = TorchOperators.Int8Product(x, weights, scales);
            product.dtype.Should().Be(type);
            var expected = x.to(ScalarType.Float64).matmul((weights.to(ScalarType.Float64) * scales.to(ScalarType.Float64).unsqueeze(1)).t());
            Largest(product.to(ScalarType.Float64) - expected).Should().BeLessThan(tolerance * Largest(expected));
        }
    }

    [SkippableTheory]
    [InlineData(ScalarType.Float32, 1e-5)]
    [InlineData(ScalarType.BFloat16, 0.01)]
    public void A_product_with_4_bit_weights_is_that_with_their_values(ScalarType type, double tolerance)
    {
        using var scope = torch.NewDisposeScope();
        foreach (var (rows, columns, outputs) in new[] { (1, 32, 64), (3, 96, 128), (64, 512, 320) })
        {
            var (x, numbers) = (torch.randn(rows, columns).to(type), torch.randint(0, 16, new long[] { outputs, columns }, ScalarType.Byte));
            var scales = torch.rand(columns / 32, outputs).to(type);
            var product = TorchOperators.Int4Product(x, TorchOperators.Int4Pack(numbers), torch.stack([scales, torch.zeros_like(scales)], 2));
            product.dtype.Should().Be(type);
            var weights = (numbers.to(ScalarType.Float64) - 8) * scales.to(ScalarType.Float64).t().repeat_interleave(32, 1);
            var expected = x.to(ScalarType.Float64).matmul(weights.t());
            Largest(product.to(ScalarType.Float64) - expected).Should().BeLessThan(tolerance * Largest(expected));
        }
    }

    [SkippableFact]
    public void Calls_leave_no_tensor_behind()
    {
        using var x = torch.randn(2, 32);
        using var weights = torch.ones(32);
        var before = Tensor.TotalCount;
        for (var i = 0; i < 10; i++) TorchOperators.RmsNorm(x, weights, 1e-5).Dispose();
        Tensor.TotalCount.Should().Be(before);
    }

    [SkippableFact]
    public void Calls_leave_no_memory_behind()
    {
        // 4 MiB each: a hundred that stayed would be seen.
        using var x = torch.randn(1024, 1024);
        using var weights = torch.ones(1024);
        TorchOperators.RmsNorm(x, weights, 1e-5).Dispose();
        var before = Environment.WorkingSet;
        for (var i = 0; i < 100; i++) TorchOperators.RmsNorm(x, weights, 1e-5).Dispose();
        (Environment.WorkingSet - before).Should().BeLessThan(200 << 20);
    }

    [SkippableFact]
    public void What_torch_s_cpu_does_with_weights_in_fewer_bits_is_right()
    {
        Trial.Int8(torch.CPU).Should().BeNull();
        Trial.Int4(torch.CPU).Should().BeNull();
    }

    private static double Largest(Tensor of) => of.abs().max().item<double>();
}
