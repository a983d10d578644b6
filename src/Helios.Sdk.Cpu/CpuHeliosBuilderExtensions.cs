using Helios.Sdk.Cpu;

namespace Helios.Sdk;

/// <summary>Chooses the CPU backend.</summary>
public static class CpuHeliosBuilderExtensions
{
    /// <summary>Runs models on the CPU in managed code: vectors as wide as the machine has, no native package.</summary>
    /// <typeparam name="TBuilder">The builder's type, kept for what follows in the chain.</typeparam>
    /// <param name="builder">The builder.</param>
    /// <param name="configure">Changes the options; null leaves them as they are.</param>
    /// <returns>The same builder.</returns>
    public static TBuilder UseCpu<TBuilder>(this TBuilder builder, Action<CpuOptions>? configure = null)
        where TBuilder : IHeliosBuilder
    {
        ArgumentNullException.ThrowIfNull(builder);
        var options = new CpuOptions();
        configure?.Invoke(options);
        builder.UseBackend(() => new CpuBackend(options));
        return builder;
    }
}
