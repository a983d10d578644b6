using System.Runtime.InteropServices;
using Helios.Cli.Options;
using Helios.Sdk.Diagnostics;
using Helios.Sdk.Naming;

namespace Helios.Cli.Checking;

/// <summary>What a machine can do: its processor, its energy meters, and each backend on each kind of device.</summary>
internal static class MachineChecks
{
    public static async Task<IReadOnlyList<Check>> RunAsync(SystemReport report, CancellationToken cancellationToken)
    {
        var backends = await Task.WhenAll(report.Backends.Select(backend => OpenAsync(backend, cancellationToken))).ConfigureAwait(false);
        return [Vectors(report.Processor), .. report.EnergySources.Select(source => new Check(source.Name, source.IsAvailable, source.UnavailableBecause ?? "available")), .. backends];
    }

    /// <summary>Kernels are written for 256 bits and more; 128 bits are all that Arm64 has.</summary>
    internal static Check Vectors(ProcessorReport processor)
    {
        var usual = RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? 128 : 256;
        var has = processor.VectorWidth == 0 ? "no vectors" : Invariant($"{processor.VectorWidth} bits; {string.Join(", ", processor.InstructionSets)}");
        return processor.VectorWidth >= usual
            ? new Check("vectors", Ok: true, has)
            : new Check("vectors", Ok: false, Invariant($"{has}. The kernels of the CPU backend are several times slower than with {usual} bits."));
    }

    private static async Task<Check> OpenAsync(BackendReport backend, CancellationToken cancellationToken)
    {
        var name = Check.NameOf(backend);
        if (BuiltInBackends.Find(backend.Name) is null) return new Check(name, Ok: false, "It is not in this build of helios, which was built with HeliosTorchSharp=false.");
        if (Names.Same(backend.Name, BuiltInBackends.Cpu)) return new Check(name, Ok: true, "managed code, nothing to load");
        var opening = await BackendOpening.TryAsync(backend.Name, backend.Device, cancellationToken).ConfigureAwait(false);
        var place = opening.IsOpened || backend.IsFound ? "" : " The tool also finds torch's libraries on the system's library path: docs/cuda.md.";
        return new Check(name, opening.IsOpened, opening.Detail + place);
    }
}
