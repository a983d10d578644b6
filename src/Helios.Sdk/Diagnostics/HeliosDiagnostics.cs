using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;
using Helios.Sdk.Energy;

namespace Helios.Sdk.Diagnostics;

/// <summary>Describes the machine for an engine: usable resources, and why others are not usable.</summary>
public static class HeliosDiagnostics
{
    /// <summary>
    /// Describes this machine. Starts no engine, loads no model, allocates nothing and writes nothing; if there is an NVIDIA driver, its
    /// management library is opened to check the energy meter, and stays loaded.
    /// </summary>
    public static SystemReport Probe() => Probe("/");

    /// <summary>The same with the files of the system under another folder.</summary>
    internal static SystemReport Probe(string root)
    {
        var cgroup = new Cgroup(root);
        return new SystemReport
        {
            Runtime = RuntimeInformation.FrameworkDescription,
            OperatingSystem = RuntimeInformation.OSDescription,
            Architecture = RuntimeInformation.ProcessArchitecture.ToString(),
            Processor = new ProcessorReport(Environment.ProcessorCount, VectorWidth, [.. InstructionSets()], cgroup.FindProcessors()),
            Memory = MemoryProbe.Probe(root, cgroup),
            EnergySources = [Probe(new RaplEnergyMeter(Path.Combine(root, "sys/class/powercap"))), Probe(new NvmlEnergyMeter())],
            Backends = [.. KnownBackends.All.SelectMany(backend => backend.Devices.Select(device => BackendProbe.Probe(backend, device)))],
        };
    }

    private static int VectorWidth =>
        Vector512.IsHardwareAccelerated ? 512 : Vector256.IsHardwareAccelerated ? 256 : Vector128.IsHardwareAccelerated ? 128 : 0;

    private static IEnumerable<string> InstructionSets() => new (string Name, bool Supported)[]
    {
        ("AVX2", Avx2.IsSupported),
        ("FMA", Fma.IsSupported),
        ("AVX-VNNI", AvxVnni.IsSupported),
        ("AVX-512F", Avx512F.IsSupported),
        ("AVX-512BW", Avx512BW.IsSupported),
        ("AVX-512VBMI", Avx512Vbmi.IsSupported),
        ("AdvSimd", AdvSimd.IsSupported),
        ("Dp", Dp.IsSupported),
    }.Where(set => set.Supported).Select(set => set.Name);

    private static EnergySourceReport Probe(IEnergyMeter meter)
    {
        var reading = meter.Read();
        return new EnergySourceReport(meter.Source, reading.UnavailableBecause is null, reading.UnavailableBecause);
    }
}
