using Helios.Sdk.Cpu;
using Helios.Sdk.Hosting.DependencyInjection;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Helios.Sdk.Tests.Hosting;

/// <summary>A real host with an engine that is set up by configuration, and whose backend is at hand.</summary>
internal sealed class HostRig : IAsyncDisposable
{
    private readonly IHost host;
    private CpuBackend? cpu;

    public HostRig(IDictionary<string, string?> section, Action<IHostApplicationBuilder>? more = null)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { ContentRootPath = TestData.Root });
        builder.Configuration.AddInMemoryCollection(section.Select(pair => KeyValuePair.Create($"Helios:{pair.Key}", pair.Value)));
        builder.Services.AddSingleton<ILoggerFactory>(Log);
        builder.Services.AddHelios(builder.Configuration.GetSection("Helios"), helios => helios.UseBackend(() => Backend = new FaultyBackend(cpu = new CpuBackend(new CpuOptions { Threads = 1 })) { Before = BeforeLoad, BeforeStep = (_, _) => BeforeStep() }));
        more?.Invoke(builder);
        host = builder.Build();
    }

    /// <summary>A static engine on the smallest model.</summary>
    public static Dictionary<string, string?> Static(params (string Key, string Value)[] more)
    {
        var section = new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            ["Models:0"] = "samples/models/tiny-s",
            ["MemoryBudgetBytes"] = "32MiB",
            ["Adaptation:Enabled"] = "false",
        };
        foreach (var (key, value) in more) section[key] = value;
        return section;
    }

    public CollectingLogger Log { get; } = new();

    public FaultyBackend? Backend { get; private set; }

    /// <summary>Runs before a part is loaded.</summary>
    public Func<string, int, CancellationToken, Task> BeforeLoad { get; set; } = static (_, _, _) => Task.CompletedTask;

    /// <summary>Runs on the device thread before a step.</summary>
    public Action BeforeStep { get; set; } = static () => { };

    public IServiceProvider Services => host.Services;

    public HeliosEngine Engine => Services.GetRequiredService<HeliosEngine>();

    public OptionsFollower Follower => Services.GetServices<IHostedService>().OfType<HeliosHostedService>().Single().Followers.Single();

    public Task StartAsync() => host.StartAsync().WaitAsync(TestEngine.Patience);

    public Task StopAsync() => host.StopAsync().WaitAsync(TestEngine.Patience);

    /// <summary>Changes the configuration as an edited file does, and waits until that is in force or refused.</summary>
    public async Task ReloadAsync(string key, string? value)
    {
        var configuration = Services.GetRequiredService<IConfiguration>();
        configuration[$"Helios:{key}"] = value;
        ((IConfigurationRoot)configuration).Reload();
        await Follower.Latest.WaitAsync(TestEngine.Patience);
    }

    public async ValueTask DisposeAsync()
    {
        await ((IAsyncDisposable)host).DisposeAsync().AsTask().WaitAsync(TestEngine.Patience);
        (cpu?.AllocatedBytes ?? 0).Should().Be(0, "every byte is given back");
    }
}
