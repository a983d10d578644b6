using Helios.Sdk.Hosting.Configuration;
using Microsoft.Extensions.Configuration;

namespace Helios.Sdk.Tests.Hosting.Configuration;

public class OptionsBinderTests
{
    private static readonly string Folder = Path.GetFullPath("/srv/app");

    [Fact]
    public void A_whole_engine_is_read()
    {
        var options = Read("""
            {
              "Models": [ "models/tiny-s", { "Name": "medium", "Path": "/data/tiny-m", "ChatTemplate": "{{ 1 }}" } ],
              "Precision": "int8",
              "MemoryBudgetBytes": "64MiB",
              "Backend": "cpu",
              "BackendSettings": { "Threads": 2 },
              "Serving": {
                "MaxBatchSize": 8, "Order": "deadline", "MaxQueueTime": "500ms", "PriorityAging": "00:01:00", "PrefixCache": false,
                "MaxDecodeStretch": "Infinity", "KvSlabBytes": 1048576,
                "Tenants": { "gold": { "Weight": 4, "CacheGroup": "house" }, "silver": { "CacheShare": 0.5 } }
              },
              "Adaptation": {
                "Objective": "goodput:ttft=500ms,tpot=50ms", "MaxQualityGap": null, "MaxTtft": "2s", "ReassessEvery": "none",
                "Certificates": [ "a.json" ], "ProfileStore": "state/profiles.json"
              }
            }
            """);

        options.Models.Should().Equal(new ModelSource("tiny-s", Path.Combine(Folder, "models", "tiny-s")), new ModelSource("medium", Path.GetFullPath("/data/tiny-m")) { ChatTemplate = "{{ 1 }}" });
        options.Precision.Should().Be(Precision.Int8);
        options.MemoryBudgetBytes.Should().Be(64 << 20);
        options.Backend.Should().Be("cpu");
        options.BackendSettings.Should().ContainSingle().Which.Should().Be(KeyValuePair.Create("Threads", "2"));
        options.Serving.Should().BeEquivalentTo(new { MaxBatchSize = 8, Order = "deadline", MaxQueueTime = TimeSpan.FromMilliseconds(500), PriorityAging = TimeSpan.FromMinutes(1), PrefixCache = false, MaxDecodeStretch = double.PositiveInfinity, KvSlabBytes = 1L << 20 });
        options.Serving.Tenants["gold"].Should().BeEquivalentTo(new TenantOptions { Weight = 4, CacheGroup = "house" });
        options.Serving.Tenants["silver"].Should().BeEquivalentTo(new TenantOptions { CacheShare = 0.5 });
        options.Adaptation.Should().BeEquivalentTo(new { Objective = "goodput:ttft=500ms,tpot=50ms", MaxQualityGap = (double?)null, MaxTtft = TimeSpan.FromSeconds(2), ReassessEvery = (TimeSpan?)null });
        options.Adaptation.Certificates.Should().Equal(Path.Combine(Folder, "a.json"));
        options.Adaptation.ProfileStore.Should().Be(Path.Combine(Folder, "state/profiles.json"));
    }

    [Theory]
    [InlineData("""{ "MemoryBudget": 1 }""", "Helios:MemoryBudget is unknown; expected Adaptation, Backend, BackendSettings, MemoryBudgetBytes, Models, Precision, Serving, Telemetry. Did you mean 'MemoryBudgetBytes'?")]
    [InlineData("""{ "Adaptation": { "MaxQualtyGap": 1 } }""", "Helios:Adaptation:MaxQualtyGap is unknown; expected *MaxQualityGap*. Did you mean 'MaxQualityGap'?")]
    [InlineData("""{ "Objective": "latency" }""", "Helios:Objective is unknown; expected *. Did you mean 'Adaptation:Objective'?")]
    [InlineData("""{ "Precision": "int5" }""", "Helios:Precision is 'int5'; expected Auto, Fp32, Bf16, Int8, Int4, Fp16. Did you mean 'Int8'?")]
    [InlineData("""{ "MemoryBudgetBytes": "lots" }""", "Helios:MemoryBudgetBytes is 'lots'; expected bytes, or a number and a unit such as 48MiB*")]
    [InlineData("""{ "Serving": { "MaxBatchSize": "8.5" } }""", "Helios:Serving:MaxBatchSize is '8.5'; expected a whole number, at least 1.")]
    [InlineData("""{ "Serving": { "MaxBatchSize": null } }""", "Helios:Serving:MaxBatchSize is null; expected a whole number, at least 1.")]
    [InlineData("""{ "Serving": { "MaxBatchSize": [ 1 ] } }""", "Helios:Serving:MaxBatchSize is a section; expected a whole number, at least 1.")]
    [InlineData("""{ "Serving": { "DrainTimeout": 30 } }""", "Helios:Serving:DrainTimeout is '30'; expected a time such as 500ms, 30s*")]
    [InlineData("""{ "Precision": "1" }""", "Helios:Precision is '1'; expected Auto, Fp32*")]
    [InlineData("""{ "Models": "tiny-s" }""", "Helios:Models is 'tiny-s'; expected a list or a section.")]
    [InlineData("""{ "Models": [ { "Folder": "x", "Path": "y" } ] }""", "Helios:Models:0:Folder is unknown; expected Path, Name, ChatTemplate, DigestFile.")]
    [InlineData("""{ "Serving": { "Tenants": { "gold": { "Weight": "much" } } } }""", "Helios:Serving:Tenants:gold:Weight is 'much'; expected a number, 0.001 to 1000.")]
    [InlineData("""{ "Serving": { "Tenants": { "gold": { "Wait": 1 } } } }""", "Helios:Serving:Tenants:gold:Wait is unknown; expected Weight, CacheGroup, CacheShare.")]
    [InlineData("""{ "Serving": "fast" }""", "Helios:Serving is 'fast'; expected a section with DefaultCacheShare, *Tenants, UnpacedStepTime.")]
    [InlineData("""{ "Serving": { "Tenants": { "gold": 4 } } }""", "Helios:Serving:Tenants:gold is '4'; expected a section with Weight, CacheGroup, CacheShare.")]
    [InlineData("""{ "Models": [ { "Path": "x", "Name": [ "y" ] } ] }""", "Helios:Models:0:Name is a section; expected a value.")]
    [InlineData("""{ "BackendSettings": { "Threads": { "Most": 2 } } }""", "Helios:BackendSettings:Threads is a section; expected a value.")]
    public void What_is_wrong_is_reported_by_its_key(string json, string message) => Bind(json, new HeliosOptions()).Should().ContainSingle().Which.Should().Match(message);

    [Fact]
    public void Everything_wrong_is_reported_at_once() =>
        Bind("""{ "A": 1, "Serving": { "MaxBatchSize": "x", "B": 2 } }""", new HeliosOptions()).Should().HaveCount(3);

    [Fact]
    public void Models_may_stand_by_their_names() =>
        Read("""{ "Models": { "medium": "/data/a", "small": { "Path": "/data/b" } } }""").Models.Should().Equal(
            new ModelSource("medium", Path.GetFullPath("/data/a")), new ModelSource("small", Path.GetFullPath("/data/b")));

    [Fact]
    public void Keys_have_no_case() => Read("""{ "serving": { "maxbatchsize": 3 } }""").Serving.MaxBatchSize.Should().Be(3);

    private static HeliosOptions Read(string json)
    {
        var options = new HeliosOptions();
        Bind(json, options).Should().BeEmpty();
        return options;
    }

    private static IReadOnlyList<string> Bind(string json, HeliosOptions options)
    {
        using var stream = new MemoryStream(System.Text.Encoding.UTF8.GetBytes($$"""{ "Helios": {{json}} }"""));
        return [.. new OptionsBinder(Folder).Bind(new ConfigurationBuilder().AddJsonStream(stream).Build().GetSection("Helios"), options).Select(fault => fault.Describe(path => $"Helios:{path.Key}"))];
    }
}
