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
    public void Bad_options_are_told_when_it_is_resolved()
    {
        using var provider = new ServiceCollection().AddHelios(helios => helios.UseCpu()).BuildServiceProvider();
        var resolve = () => provider.GetRequiredService<IHeliosClient>();
        resolve.Should().Throw<ArgumentException>().WithMessage("*Models is empty*");
    }

    private static IServiceCollection Services() => new ServiceCollection().AddHelios(helios => helios
        .UseCpu(cpu => cpu.Threads = 1)
        .AddModel(TestData.Model("tiny-s"))
        .UseMemoryBudget(32 << 20)
        .ServeFixed());
}
