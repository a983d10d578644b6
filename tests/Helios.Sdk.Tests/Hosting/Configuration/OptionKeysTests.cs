using System.Reflection;
using Helios.Sdk.Hosting.Configuration;

namespace Helios.Sdk.Tests.Hosting.Configuration;

/// <summary>Every option can be configured, and the docs say how.</summary>
public class OptionKeysTests
{
    [Fact]
    public void Every_property_of_the_options_has_a_key_and_no_key_lacks_one()
    {
        var properties = PathsOf(typeof(HeliosOptions), "").ToList();
        properties.Should().HaveCountGreaterThan(50);
        OptionKeys.For("").Select(key => key.Path).Concat(OptionTables.All).Should().BeEquivalentTo(properties);
    }

    [Fact]
    public void A_key_sets_its_own_property()
    {
        foreach (var key in OptionKeys.For(""))
        {
            var options = new HeliosOptions();
            var before = key.Show(options);
            var text = ((string[])["7", "7.5", "7s", "7KiB", "int4", "true", "false"]).First(text => key.TrySet(options, text) && key.Show(options) != before);
            Value(options, key.Path).Should().NotBe(Value(new HeliosOptions(), key.Path), $"{key.Path} was set to {text}");
            OptionKeys.For("").Where(other => !other.IsSame(options, new HeliosOptions())).Should().ContainSingle(key.Path);
        }
    }

    [Fact]
    public void The_docs_have_them_all()
    {
        var docs = File.ReadAllLines(Path.Combine(TestData.Root, "docs", "hosting.md")).Where(line => line.StartsWith("| `", StringComparison.Ordinal)).ToHashSet(StringComparer.Ordinal);
        var rows = OptionKeys.For("").Select(Row).ToList();
        string.Join('\n', rows.Except(docs, StringComparer.Ordinal)).Should().BeEmpty("docs/hosting.md has a row for every key, written like this");
        foreach (var table in OptionTables.All) docs.Should().Contain(line => line.StartsWith($"| `{table}` |", StringComparison.Ordinal));
    }

    private static string Row(OptionKey key) =>
        $"| `{key.Path}` | {key.Expected} | {(key.Show(new HeliosOptions()) is "null" ? "" : $"`{key.Show(new HeliosOptions())}`")} | {(key.ChangesWhileServing ? "yes" : "")} |";

    private static IEnumerable<string> PathsOf(Type type, string prefix) => type.GetProperties().SelectMany(property =>
        property.PropertyType.Name.EndsWith("Options", StringComparison.Ordinal)
            ? PathsOf(property.PropertyType, $"{property.Name}:")
            : [prefix + property.Name]);

    private static object? Value(object options, string path) =>
        path.Split(':').Aggregate((object?)options, (value, name) => value!.GetType().GetProperty(name, BindingFlags.Public | BindingFlags.Instance)!.GetValue(value));
}
