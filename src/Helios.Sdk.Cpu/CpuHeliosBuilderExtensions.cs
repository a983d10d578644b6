using Helios.Sdk.Backends;
using Helios.Sdk.Cpu;

namespace Helios.Sdk;

/// <summary>Adds the CPU backend.</summary>
public static class CpuHeliosBuilderExtensions
{
    /// <summary>
    /// Runs models on the CPU in managed code: the widest vectors of the machine, no native package. The backend's name is
    /// <c>cpu</c>; <see cref="HeliosOptions.BackendSettings"/> take precedence over <paramref name="configure"/>.
    /// </summary>
    /// <typeparam name="TBuilder">The builder's type, so that calls can be chained.</typeparam>
    /// <param name="builder">The builder.</param>
    /// <param name="configure">Changes the options; null keeps the defaults.</param>
    /// <returns>The same builder.</returns>
    public static TBuilder UseCpu<TBuilder>(this TBuilder builder, Action<CpuOptions>? configure = null)
        where TBuilder : IHeliosBuilder
    {
        ArgumentNullException.ThrowIfNull(builder);
        var options = new CpuOptions();
        configure?.Invoke(options);
        builder.UseStrategy<IBackendFactory>(() => new CpuBackendFactory(options));
        return builder;
    }
}
