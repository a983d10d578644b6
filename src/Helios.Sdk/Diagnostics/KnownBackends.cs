namespace Helios.Sdk.Diagnostics;

/// <summary>
/// The backends of this project and the packages they come in, for messages and reports alone: the engine runs on whichever
/// was added, and depends on none.
/// </summary>
internal static class KnownBackends
{
    private const string TorchSharp = "Helios.Sdk.TorchSharp";
    private static readonly string CudaPackage = OperatingSystem.IsWindows() ? "TorchSharp-cuda-windows" : "TorchSharp-cuda-linux";

    public static IReadOnlyList<KnownBackend> All { get; } =
    [
        new("cpu", "Helios.Sdk.Cpu", "UseCpu()", [], [new("cpu", ["Helios.Sdk.Cpu"], [], LibraryPackage: null)]),
        new("torchsharp", TorchSharp, "UseTorchSharp()", ["cuda", "torch"],
        [
            new("cpu", [TorchSharp, "TorchSharp"], ["torch_cpu", "LibTorchSharp"], "TorchSharp-cpu"),
            new("cuda", [TorchSharp, "TorchSharp"], ["torch_cuda", "LibTorchSharp"], CudaPackage),
        ]),
    ];

    /// <summary>How to come by a backend of that name; null when it is none of ours.</summary>
    public static string? Hint(string name)
    {
        var device = name.Split(':', 2)[0];
        var known = All.FirstOrDefault(backend => string.Equals(backend.Name, device, StringComparison.OrdinalIgnoreCase) || backend.Aliases.Contains(device, StringComparer.OrdinalIgnoreCase));
        return known is null ? null : $"'{name}' comes with the package {known.Package}: add it, call {known.Call}, and name it '{known.Name}'.";
    }
}

/// <summary>A backend of this project.</summary>
/// <param name="Name">Its name in configuration.</param>
/// <param name="Package">Its package.</param>
/// <param name="Call">How it is added.</param>
/// <param name="Aliases">What people call it who look for it.</param>
/// <param name="Devices">What it runs on.</param>
internal sealed record KnownBackend(string Name, string Package, string Call, string[] Aliases, KnownDevice[] Devices);

/// <summary>A kind of device that a backend runs on.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Assemblies">Managed assemblies that are needed, which the backend's package brings.</param>
/// <param name="Libraries">Native libraries that are needed, without prefix and ending.</param>
/// <param name="LibraryPackage">The package that brings those, which an app adds itself; null without any.</param>
internal sealed record KnownDevice(string Name, string[] Assemblies, string[] Libraries, string? LibraryPackage);
