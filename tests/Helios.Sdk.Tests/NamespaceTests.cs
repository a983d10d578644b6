using System.Reflection;
using Helios.Sdk.Backends;
using Helios.Sdk.Cpu;
using Helios.Sdk.Lab;

namespace Helios.Sdk.Tests;

/// <summary>An application needs one <c>using</c>; what only authors of backends, schedulers or checkpoints need stands elsewhere.</summary>
public class NamespaceTests
{
    private const int Most = 60;

    private static readonly Assembly[] Libraries = [typeof(GenerationRequest).Assembly, typeof(HeliosEngine).Assembly, typeof(CpuBackend).Assembly];

    [Fact]
    public void The_namespace_of_applications_stays_small()
    {
        var types = In("Helios.Sdk");
        types.Should().Contain(["HeliosEngine", "HeliosBuilder", "HeliosOptions", "IHeliosClient", "IHeliosControl", "GenerationRequest", "SamplingOptions", "HeliosChatClient", "SloObjectives", "Exits"]);
        types.Should().HaveCountLessThanOrEqualTo(Most, $"an application sees all of them: {string.Join(", ", types)}");
    }

    [Theory]
    [InlineData("Helios.Sdk.Backends", nameof(IBackend))]
    [InlineData("Helios.Sdk.Scheduling", "IScheduler")]
    [InlineData("Helios.Sdk.Models", "CheckpointInfo")]
    [InlineData("Helios.Sdk.ExitPolicies", "IExitPolicy")]
    [InlineData("Helios.Sdk.Tokenization", "ITokenizer")]
    [InlineData("Helios.Sdk.Energy", "IEnergyMeter")]
    [InlineData("Helios.Sdk.Lab", nameof(HeliosLab))]
    [InlineData("Helios.Sdk.Diagnostics", "HeliosDiagnostics")]
    public void What_authors_need_has_a_namespace_of_its_own(string name, string type) => In(name).Should().Contain(type);

    private static List<string> In(string name) =>
        [.. Libraries.SelectMany(library => library.GetExportedTypes()).Where(type => type.Namespace == name && !type.IsNested).Select(type => type.Name).Order(StringComparer.Ordinal)];
}
