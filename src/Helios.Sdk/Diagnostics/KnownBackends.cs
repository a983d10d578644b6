namespace Helios.Sdk.Diagnostics;

/// <summary>
/// The backends of this project, those planned included, and the packages they come in, for messages and reports alone: the engine runs on whichever
/// was added, and depends on none.
/// </summary>
internal static class KnownBackends
{
    public static IReadOnlyList<KnownBackend> All { get; } =
    [
        new("cpu", "Helios.Sdk.Cpu", ["Helios.Sdk.Cpu"], [], "UseCpu()", []),
        new("torchsharp", "Helios.Sdk.TorchSharp", ["Helios.Sdk.TorchSharp", "TorchSharp"], ["torch_cpu", "LibTorchSharp"], Call: null, ["cuda", "torch"]),
    ];

    /// <summary>How to come by a backend of that name; empty when it is none of ours.</summary>
    public static string Hint(string name)
    {
        var device = name.Split(':', 2)[0];
        var known = All.FirstOrDefault(backend => string.Equals(backend.Name, device, StringComparison.OrdinalIgnoreCase) || backend.Aliases.Contains(device, StringComparer.OrdinalIgnoreCase));
        return known switch
        {
            null => "",
            { Call: null } => $" '{name}' is planned, in a package {known.Package} that does not exist yet.",
            _ => $" '{name}' comes with the package {known.Package}: add it, call {known.Call}, and name it '{known.Name}'.",
        };
    }
}

/// <summary>A backend of this project.</summary>
/// <param name="Name">Its name in configuration.</param>
/// <param name="Package">The package that brings it.</param>
/// <param name="Assemblies">Managed assemblies that it needs.</param>
/// <param name="Libraries">Native libraries that it needs, without prefix and ending.</param>
/// <param name="Call">How it is added; null for one that is planned and does not exist yet.</param>
/// <param name="Aliases">What people call it who look for it.</param>
internal sealed record KnownBackend(string Name, string Package, string[] Assemblies, string[] Libraries, string? Call, string[] Aliases);
