namespace Helios.Samples.Tests;

public sealed class ConfigurationOnlyTests
{
    [Fact]
    public async Task It_serves_and_decides_and_ends()
    {
        var output = await Sample.RunAsync("ConfigurationOnly", ("Helios__Adaptation__RequestsPerCandidate", "1"), ("Helios__Serving__MaxBatchSize", "8"));
        output.Should().MatchRegex(@"(?m)^(small|medium)@\d+").And.MatchRegex(@"(?m)^Chosen: (small|medium)@\d+.*, because ");
    }

    [Fact]
    public async Task A_misspelt_key_ends_the_start_and_is_named()
    {
        var (code, _, errors) = await Sample.TryRunAsync("ConfigurationOnly", ("Helios__Adaptation__Objektive", "memory"));
        code.Should().NotBe(0);
        errors.Should().Contain("Helios:Adaptation:Objektive is unknown; expected ").And.NotContain("(Parameter");
    }
}
