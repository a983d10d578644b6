using Helios.Cli.Options;
using Helios.Sdk;
using Helios.Sdk.Models;

namespace Helios.Cli.Engines;

/// <summary>An engine for one model and one sequence at a time, without adaptation.</summary>
internal static class SingleModel
{
    private const long SlabBytes = 1 << 20;

    /// <summary>Starts it; the model loads in the background.</summary>
    /// <param name="device">Where it runs.</param>
    /// <param name="model">Folder of the model.</param>
    /// <param name="change">Sets what differs from a model at its full depth.</param>
    public static HeliosEngine Start(DeviceChoice device, string model, Action<HeliosOptions> change)
    {
        var builder = device.CreateBuilder();
        builder.AddModel(model)
            .ServeFixed()
            .Configure(options =>
            {
                options.Serving.MaxBatchSize = 1;
                options.Serving.MaxRowsPerStep = 64;

                // A sequence takes what it needs, to the MiB; a GPU wants few slabs.
                if (device.Backend.IsOnHost) options.Serving.KvSlabBytes = SlabBytes;
            })
            .Configure(change);
        return builder.Build();
    }

    /// <summary>The one model of the engine.</summary>
    public static PooledModel ModelOf(HeliosEngine engine) => engine.Pool.Snapshot.Models[0];
}
