using Helios.Sdk.Backends;
using Helios.Sdk.TorchSharp;

namespace Helios.Sdk;

/// <summary>Adds the TorchSharp backend.</summary>
public static class TorchSharpHeliosBuilderExtensions
{
    /// <summary>
    /// Runs models with TorchSharp, on a CUDA device unless <paramref name="configure"/> sets another. The backend's name is
    /// <c>torchsharp</c>; <see cref="HeliosOptions.BackendSettings"/> take precedence over <paramref name="configure"/>. The app adds the
    /// native libraries: the package TorchSharp-cuda-linux, TorchSharp-cuda-windows or TorchSharp-cpu.
    /// </summary>
    /// <typeparam name="TBuilder">The builder's type, so that calls can be chained.</typeparam>
    /// <param name="builder">The builder.</param>
    /// <param name="configure">Changes the options; null keeps the defaults.</param>
    /// <returns>The same builder.</returns>
    public static TBuilder UseTorchSharp<TBuilder>(this TBuilder builder, Action<TorchSharpOptions>? configure = null)
        where TBuilder : IHeliosBuilder
    {
        ArgumentNullException.ThrowIfNull(builder);
        var options = new TorchSharpOptions();
        configure?.Invoke(options);
        builder.UseStrategy<IBackendFactory>(() => new TorchSharpBackendFactory(options));
        return builder;
    }
}
