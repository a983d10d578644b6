using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Helios.Sdk.Tests.Hosting;

public class AddHeliosTests
{
    [Fact]
    public async Task It_adds_one_engine_under_every_name()
    {
        var provider = Services().BuildServiceProvider();
        await using (provider)
        {
            var engine = provider.GetRequiredService<HeliosEngine>();
            provider.GetRequiredService<IHeliosClient>().Should().BeSameAs(engine);
            provider.GetRequiredService<IModelPool>().Should().BeSameAs(engine.Pool);
            var answer = await provider.GetRequiredService<IHeliosClient>().GenerateAsync(new GenerationRequest { Prompt = "Tom", MaxTokens = 3 });
            answer.TokenIds.Should().HaveCount(3);
        }

        var late = async () => await provider.GetRequiredService<IHeliosClient>().GenerateAsync(new GenerationRequest { Prompt = "Tom" });
        await late.Should().ThrowAsync<ObjectDisposedException>();
    }

    [Fact]
    public async Task A_host_starts_it_and_stops_it()
    {
        var provider = Services().BuildServiceProvider();
        await using (provider)
        {
            var service = provider.GetServices<IHostedService>().Should().ContainSingle().Subject;
            await service.StartAsync(default);
            var client = provider.GetRequiredService<IHeliosClient>();
            (await client.GenerateAsync(new GenerationRequest { Prompt = "Tom", MaxTokens = 3 })).TokenIds.Should().HaveCount(3);
            await service.StopAsync(default);
            var late = async () => await client.GenerateAsync(new GenerationRequest { Prompt = "Tom" });
            await late.Should().ThrowAsync<ObjectDisposedException>();
        }
    }

    [Fact]
    public async Task Registered_objectives_are_found_by_name_and_a_registered_meter_is_used()
    {
        var provider = Services(helios => helios.Optimize("fewest-layers"))
            .AddSingleton<ISloObjective, FewestLayers>()
            .AddSingleton<IEnergyMeter>(new EstimatedEnergyMeter(40))
            .BuildServiceProvider();
        await using (provider)
        {
            var snapshot = provider.GetRequiredService<HeliosEngine>().Snapshot;
            snapshot.EnergySource.Should().Contain("40 W");
            snapshot.EnergyIsEstimate.Should().BeTrue();
            snapshot.Energy.Joules.Should().BeGreaterThanOrEqualTo(0);
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void What_needs_a_meter_is_refused_at_start_with_the_meters_reason(bool asObjective)
    {
        var services = new ServiceCollection().AddSingleton<IEnergyMeter, DeadMeter>().AddHelios(helios =>
        {
            helios.UseCpu(cpu => cpu.Threads = 1).AddModel(TestData.Model("tiny-s")).UseMemoryBudget(32 << 20);
            if (asObjective) helios.Optimize("energy");
            else helios.LimitEnergy(joulesPerToken: 1);
        });
        using var provider = services.BuildServiceProvider();

        var resolve = () => provider.GetRequiredService<HeliosEngine>();
        resolve.Should().Throw<ArgumentException>().WithMessage(
            (asObjective ? "Adaptation.Objective 'energy'" : "Adaptation.MaxJoulesPerToken") + " needs a meter of energy*dead meter*the battery is empty*EstimateEnergy*");
    }

    [Fact]
    public void Bad_options_are_told_when_it_is_resolved()
    {
        using var provider = new ServiceCollection().AddHelios(helios => helios.UseCpu()).BuildServiceProvider();
        var resolve = () => provider.GetRequiredService<IHeliosClient>();
        resolve.Should().Throw<ArgumentException>().WithMessage("*Models is empty*");
    }

    private static IServiceCollection Services(Action<IHeliosBuilder>? more = null) => new ServiceCollection().AddHelios(helios =>
    {
        helios.UseCpu(cpu => cpu.Threads = 1).AddModel(TestData.Model("tiny-s")).UseMemoryBudget(32 << 20).ServeFixed();
        more?.Invoke(helios);
    });

    private sealed class FewestLayers : ISloObjective
    {
        public string Name => "fewest-layers";

        public ObjectiveScore Score(PointProfile profile) => new(-profile.Point.Target.Depth, []);
    }

    private sealed class DeadMeter : IEnergyMeter
    {
        public string Source => "dead meter";

        public EnergyReading Read() => EnergyReading.Unavailable("the battery is empty");
    }
}
