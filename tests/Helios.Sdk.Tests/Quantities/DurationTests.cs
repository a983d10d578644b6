using Helios.Sdk.Quantities;

namespace Helios.Sdk.Tests.Quantities;

public class DurationTests
{
    [Theory]
    [InlineData("500ms", 500)]
    [InlineData("0.5s", 500)]
    [InlineData("2.5 s", 2500)]
    [InlineData("250us", 0.25)]
    [InlineData("10min", 600_000)]
    public void Reads_a_number_and_its_unit(string text, double milliseconds)
    {
        Duration.TryParse(text, out var time).Should().BeTrue();
        time.TotalMilliseconds.Should().BeApproximately(milliseconds, 1e-9);
    }

    [Theory]
    [InlineData("")]
    [InlineData("ms")]
    [InlineData("500")]
    [InlineData("0s")]
    [InlineData("-1s")]
    [InlineData("1e3ms")]
    [InlineData("1h")]
    [InlineData("100000s")]
    [InlineData("NaNs")]
    public void Refuses_everything_else(string text) => Duration.TryParse(text, out _).Should().BeFalse();
}
