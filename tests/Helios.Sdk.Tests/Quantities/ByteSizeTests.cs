using Helios.Sdk.Quantities;

namespace Helios.Sdk.Tests.Quantities;

public sealed class ByteSizeTests
{
    [Theory]
    [InlineData("48MiB", 48L << 20)]
    [InlineData("2GiB", 2L << 30)]
    [InlineData("1.5GB", 1_500_000_000)]
    [InlineData("0.5 KiB", 512)]
    [InlineData("7tib", 7L << 40)]
    [InlineData("12B", 12)]
    [InlineData("123456", 123456)]
    public void Reads_exact_units(string text, long expected)
    {
        ByteSize.TryParse(text, out var bytes).Should().BeTrue();
        bytes.Should().Be(expected);
    }

    [Theory]
    [InlineData("")]
    [InlineData("MiB")]
    [InlineData("0")]
    [InlineData("-1MiB")]
    [InlineData("1e6")]
    [InlineData("1.5")]
    [InlineData("0.3KiB")]
    [InlineData("9000000TiB")]
    [InlineData("48 megabytes")]
    public void Refuses_everything_else(string text) => ByteSize.TryParse(text, out _).Should().BeFalse();
}
