using Helios.Sdk.Diagnostics;
using Helios.Sdk.Tests.Checkpoints;

namespace Helios.Sdk.Tests.Diagnostics;

/// <summary>Limits of containers and huge pages, as files of the system say them.</summary>
public sealed class HeliosDiagnosticsTests : IDisposable
{
    private const long Mib = 1 << 20;

    private readonly TempFolder root = new();

    public void Dispose() => root.Dispose();

    [Fact]
    public void It_looks_at_this_machine()
    {
        var report = HeliosDiagnostics.Probe();
        report.Processor.Processors.Should().Be(Environment.ProcessorCount);
        report.Memory.TotalBytes.Should().BePositive();
        report.Memory.DefaultBudgetBytes.Should().BeInRange(1, report.Memory.TotalBytes);
        report.EnergySources.Should().HaveCount(2).And.OnlyContain(source => source.IsAvailable == (source.UnavailableBecause == null));
        report.Backends.Single(backend => backend.Name == "cpu").IsFound.Should().BeTrue("the tests run on it");
    }

    [Fact]
    public void A_container_of_version_2_is_bound_by_the_least_limit_above_it()
    {
        Write("proc/self/cgroup", "0::/kubepods/pod1");
        Write("sys/fs/cgroup/kubepods/memory.max", $"{512 * Mib}\n");
        Write("sys/fs/cgroup/kubepods/pod1/memory.max", "max\n");
        Write("sys/fs/cgroup/kubepods/pod1/cpu.max", "150000 100000\n");
        Write("sys/fs/cgroup/cpu.max", "max 100000\n");

        var report = HeliosDiagnostics.Probe(root.Path);
        report.Memory.Limit.Should().Be(new LimitReport(512 * Mib, root["sys/fs/cgroup/kubepods/memory.max"]));
        report.Processor.Quota.Should().Be(new LimitReport(1.5, root["sys/fs/cgroup/kubepods/pod1/cpu.max"]));
    }

    [Fact]
    public void A_container_of_version_1_has_a_file_for_each_controller()
    {
        Write("proc/self/cgroup", "4:memory:/docker/1a\n3:cpu,cpuacct:/docker/1a");
        Write("sys/fs/cgroup/memory/memory.limit_in_bytes", $"{256 * Mib}");
        Write("sys/fs/cgroup/cpu/cpu.cfs_quota_us", "50000");
        Write("sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000");

        var report = HeliosDiagnostics.Probe(root.Path);
        report.Memory.Limit!.Value.Should().Be(256 * Mib);
        report.Processor.Quota!.Value.Should().Be(0.5);
    }

    [Theory]
    [InlineData("9223372036854771712", "-1")]
    [InlineData("nonsense", "")]
    public void What_is_no_limit_is_none(string bytes, string quota)
    {
        Write("proc/self/cgroup", "4:memory:/\n3:cpu:/");
        Write("sys/fs/cgroup/memory/memory.limit_in_bytes", bytes);
        Write("sys/fs/cgroup/cpu/cpu.cfs_quota_us", quota);
        Write("sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000");

        var report = HeliosDiagnostics.Probe(root.Path);
        report.Memory.Limit.Should().BeNull();
        report.Processor.Quota.Should().BeNull();
    }

    [Fact]
    public void Huge_pages_and_energy_are_read_where_there_are_any()
    {
        Write("proc/meminfo", "MemTotal:  1024 kB\nMemAvailable:  512 kB\nHugePages_Total:  4\nHugePages_Free:  3\nHugepagesize:  2048 kB");
        Write("sys/kernel/mm/transparent_hugepage/enabled", "always [madvise] never");
        Write("sys/class/powercap/intel-rapl:0/name", "package-0");
        Write("sys/class/powercap/intel-rapl:0/energy_uj", "17");

        var report = HeliosDiagnostics.Probe(root.Path);
        report.Memory.TotalBytes.Should().Be(Mib);
        report.Memory.AvailableBytes.Should().Be(Mib / 2);
        report.Memory.HugePages.Should().Be(new HugePagesReport("madvise", 4, 3, 2 * Mib));
        report.EnergySources[0].IsAvailable.Should().BeTrue();
    }

    [Fact]
    public void A_machine_that_says_nothing_has_reasons_for_it()
    {
        var report = HeliosDiagnostics.Probe(root.Path);
        report.Memory.HugePages.Should().BeNull();
        report.Memory.Limit.Should().BeNull();
        report.EnergySources[0].UnavailableBecause.Should().Contain(root.Path);
    }

    [Fact]
    public void A_backend_that_is_not_there_says_what_it_lacks_and_where_that_was_looked_for()
    {
        var report = Probe(assemblies: ["Helios.Sdk.Abacus"], libraries: ["beads"]);
        report.IsFound.Should().BeFalse();
        report.MissingBecause.Should().Contain("the assembly Helios.Sdk.Abacus").And.Contain("beads").And.EndWith("Add the package Helios.Sdk.Abacus and the package Beads.");
        report.PathsTried.Should().Contain(Path.Combine(AppContext.BaseDirectory, "Helios.Sdk.Abacus.dll")).And.Contain(path => path.Contains("beads", StringComparison.Ordinal));
    }

    [Fact]
    public void A_backend_that_lacks_native_libraries_alone_names_their_package_alone() =>
        Probe(assemblies: ["Helios.Sdk"], libraries: ["beads"]).MissingBecause.Should().StartWith("Not found: the native library").And.EndWith(". Add the package Beads.");

    [Fact]
    public void A_backend_is_reported_for_each_kind_of_device()
    {
        var torch = HeliosDiagnostics.Probe(root.Path).Backends.Where(backend => backend.Name == "torchsharp").ToList();
        torch.Select(backend => backend.Device).Should().Equal("cpu", "cuda");
        torch.Should().OnlyContain(backend => backend.MissingBecause!.Contains("the assembly Helios.Sdk.TorchSharp", StringComparison.Ordinal), "these tests do not refer to it");
        torch.Should().OnlyContain(backend => backend.PathsTried.Contains(Path.Combine(AppContext.BaseDirectory, "Helios.Sdk.TorchSharp.dll")));
    }

    private static BackendReport Probe(string[] assemblies, string[] libraries)
    {
        var device = new KnownDevice("wood", assemblies, libraries, "Beads");
        return BackendProbe.Probe(new KnownBackend("abacus", "Helios.Sdk.Abacus", "UseAbacus()", [], [device]), device);
    }

    private void Write(string file, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(root[file])!);
        File.WriteAllText(root[file], text);
    }
}
