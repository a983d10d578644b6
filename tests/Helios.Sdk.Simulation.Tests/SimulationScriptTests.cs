namespace Helios.Sdk.Simulation.Tests;

/// <summary>Scripts as files.</summary>
public class SimulationScriptTests
{
    [Theory]
    [InlineData("steady")]
    [InlineData("phases")]
    [InlineData("alternating")]
    [InlineData("bursts")]
    [InlineData("slow-drift")]
    [InlineData("contention")]
    [InlineData("adversary")]
    public void The_scripts_of_the_repository_can_be_read(string name)
    {
        var script = Scripts.Load(name);
        script.Name.Should().Be(name);
        script.Models.Should().HaveCountGreaterThanOrEqualTo(2);
        script.LoadSlowdown.Should().BeGreaterThan(1, "what a file leaves out has its default");
    }

    [Theory]
    [InlineData("\"requests\": 100000", "\"requests\": 0", "*phases[0].requests is 0; expected a number above 0*")]
    [InlineData("\"text\": \"math\"", "\"text\": \"poems\"", "*'poems'*tiny-s*")]
    [InlineData("\"name\": \"steady\"", "\"nome\": \"steady\"", "*nome*")]
    [InlineData("\"concurrency\": 64", "\"tenant\": 64", "*tenant*")]
    [InlineData("\"modelsFrom\": \"models.json\",", "", "*models is empty*")]
    [InlineData("\"modelsFrom\": \"models.json\",", "\"modelsFrom\": \"models.json\", \"models\": [null],", "*models[0] is null; expected an object*")]
    [InlineData("\"modelsFrom\": \"models.json\",", "\"modelsFrom\": \"models.json\", \"models\": null,", "*models*")]
    [InlineData("\"modelsFrom\": \"models.json\",", "\"modelsFrom\": \"models.json\", \"loadFaults\": [null],", "*loadFaults[0] is null*")]
    [InlineData("\"name\": \"steady\"", "\"name\": null", "*name*")]
    [InlineData("\"text\": \"math\"", "\"text\": null", "*text*")]
    public void What_is_wrong_is_named(string part, string instead, string message)
    {
        using var folder = new TempFolder();
        File.Copy(Scripts.PathOf("models"), Path.Combine(folder.Path, "models.json"));
        var text = File.ReadAllText(Scripts.PathOf("steady"));
        text.Should().Contain(part);
        var path = Path.Combine(folder.Path, "script.json");
        File.WriteAllText(path, text.Replace(part, instead, StringComparison.Ordinal));
        var load = () => SimulationScript.Load(path);
        load.Should().Throw<ArgumentException>().WithMessage(message);
    }

    [Fact]
    public void A_file_may_have_a_byte_order_mark()
    {
        using var folder = new TempFolder();
        foreach (var name in (string[])["models", "steady"])
            File.WriteAllBytes(Path.Combine(folder.Path, name + ".json"), [.. "\uFEFF"u8, .. File.ReadAllBytes(Scripts.PathOf(name))]);
        SimulationScript.Load(Path.Combine(folder.Path, "steady.json")).Phases.Should().NotBeEmpty();
    }

    [Fact]
    public void Requests_are_shared_out_in_proportion()
    {
        var script = Scripts.Load("bursts").WithRequests(1320);
        script.Requests.Should().Be(1320);
        script.Phases[0].Requests.Should().Be(10 * script.Phases[1].Requests);
        script.Repeat(2).Phases.Should().HaveCount(2 * script.Phases.Length);
    }
}
