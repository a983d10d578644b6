using Helios.Sdk.Backends;
using Helios.Sdk.Cpu;
using Helios.Sdk.Naming;
#if HELIOS_TORCHSHARP
using Helios.Sdk.TorchSharp;
#endif

namespace Helios.Cli.Options;

/// <summary>The backends that this build of the tool has.</summary>
internal static class BuiltInBackends
{
    public const string Cpu = "cpu";
    public const string TorchSharp = "torchsharp";

    private static readonly IBackendFactory[] All =
    [
        new CpuBackendFactory(),
#if HELIOS_TORCHSHARP
        new TorchSharpBackendFactory(),
#endif
    ];

    /// <summary>The backend of a name; null where this build has none.</summary>
    public static IBackendFactory? Find(string name) => Array.Find(All, backend => Names.Same(backend.Name, name));

    /// <summary>Bytes held at present by all that a backend made; to be had once it is disposed, too.</summary>
    public static long AllocatedBytes(IBackend backend) => backend switch
    {
        CpuBackend cpu => cpu.AllocatedBytes,
#if HELIOS_TORCHSHARP
        TorchSharpBackend torch => torch.AllocatedBytes,
#endif
        _ => throw new NotSupportedException($"{backend.GetType().Name} is not a backend of this tool."),
    };
}
