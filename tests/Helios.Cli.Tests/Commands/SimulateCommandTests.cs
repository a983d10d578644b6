using System.Text.Json;
using System.Xml.Linq;

namespace Helios.Cli.Tests.Commands;

/// <summary><c>helios simulate</c> as people and programs call it.</summary>
public class SimulateCommandTests
{
    private static string Script(string name) => Path.Combine(Path.GetDirectoryName(TestData.TinyS)!, "..", "simulations", name + ".json");

    [Fact]
    public async Task It_prints_events_and_a_summary_beside_every_fixed_point()
    {
        var result = await CliRunner.RunAsync("simulate", Script("phases"), "--requests", "5000", "--compare", "--json");
        result.Code.Should().Be(0, result.Error);
        var lines = result.Out.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement).ToList();
        lines.Select(line => line.GetProperty("event").GetString()).Should().Contain(["evaluated", "selected", "reassessed"]);
        var summary = lines[^1];
        summary.GetProperty("event").GetString().Should().Be("summary");
        summary.GetProperty("requests").GetInt64().Should().Be(5000);
        summary.GetProperty("fixed").GetArrayLength().Should().Be(10);
        summary.GetProperty("overBestFixed").GetDouble().Should().BePositive();
    }

    [Fact]
    public async Task It_draws_the_run()
    {
        using var folder = new TempFolder();
        var file = Path.Combine(folder.Path, "run.svg");
        var result = await CliRunner.RunAsync("simulate", Script("alternating"), "--requests", "4000", "--svg", file);
        result.Code.Should().Be(0, result.Error);
        result.Out.Should().Contain("throughput");
        XDocument.Load(file).Root!.Name.LocalName.Should().Be("svg");

        (await CliRunner.RunAsync("simulate", Script("alternating"), "--requests", "400", "--svg", file)).Code.Should().Be(0, "a picture is drawn over");
        File.WriteAllText(file, "notes");
        var refused = await CliRunner.RunAsync("simulate", Script("alternating"), "--requests", "400", "--svg", file);
        refused.Code.Should().Be(ExitCode.Failed);
        refused.Error.Should().Contain("not overwritten");
        File.ReadAllText(file).Should().Be("notes");
    }

    [Fact]
    public async Task What_is_wrong_with_a_script_is_said_in_a_line()
    {
        var result = await CliRunner.RunAsync("simulate", Script("models"));
        result.Code.Should().Be(2);
        result.Error.Trim().Split('\n').Should().ContainSingle().Which.Should().Contain("models.json");

        (await CliRunner.RunAsync("simulate", Script("nothing"))).Code.Should().Be(1);
        (await CliRunner.RunAsync("simulate", Script("steady"), "--model", "large")).Code.Should().Be(2);
    }
}
