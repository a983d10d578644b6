using Helios.Cli.Options;
using Helios.Sdk;

namespace Helios.Cli.Commands;

/// <summary>An engine for one model and one sequence at a time, without adaptation.</summary>
internal static class SingleModel
{
    private const long SlabBytes = 1 << 20;

    /// <summary>Starts it; the model loads in the background.</summary>
    /// <param name="device">Where it runs.</param>
    /// <param name="model">Folder of the model.</param>
    /// <param name="depth">Layers loaded; null for all.</param>
    /// <param name="exitPolicy">Per-token exits among them.</param>
    /// <param name="draftDepth">Exit at which tokens are drafted; null drafts nothing.</param>
    public static HeliosEngine Start(DeviceChoice device, string model, int? depth, string exitPolicy = "none", int? draftDepth = null)
    {
        var builder = device.CreateBuilder();
        builder.AddModel(model)
            .ServeFixed(depth, exitPolicy)
            .Configure(options =>
            {
                options.Serving.MaxBatchSize = 1;
                options.Serving.MaxRowsPerStep = 64;

                // A sequence takes what it needs, to the MiB; a GPU wants few slabs.
                if (device.Backend.IsOnHost) options.Serving.KvSlabBytes = SlabBytes;
                options.Serving.DraftDepth = draftDepth;
            });
        return builder.Build();
    }

    /// <summary>The one model of the engine.</summary>
    public static PooledModel ModelOf(HeliosEngine engine) => engine.Pool.Snapshot.Models[0];
}
