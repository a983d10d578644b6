using System.Reflection;
using Helios.Sdk.Hosting.Configuration;
using Helios.Sdk.Tests.PublicApi;

namespace Helios.Sdk.Tests.Hosting.Configuration;

/// <summary>The table has every option, and says what its property says.</summary>
public class OptionTableTests
{
    private static readonly XmlComments Comments = XmlComments.Of([typeof(HeliosOptions).Assembly]);

    private static IEnumerable<(string Path, PropertyInfo Property)> Properties { get; } = PropertiesOf(typeof(HeliosOptions), "").ToList();

    public static TheoryData<string> Paths => [.. OptionTable.All.Select(option => option.Path)];

    [Fact]
    public void Every_property_of_the_options_is_in_the_table_and_nothing_else()
    {
        Properties.Should().HaveCountGreaterThan(50);
        OptionTable.All.Select(option => option.Path).Should().BeEquivalentTo(Properties.Select(property => property.Path));
        OptionTable.Tenant.Select(option => option.Path).Should().BeEquivalentTo(typeof(TenantOptions).GetProperties().Select(property => property.Name));
    }

    [Fact]
    public void An_option_sets_its_own_property()
    {
        foreach (var option in OptionTable.All.Where(option => option is not ListEntry<HeliosOptions>))
        {
            var options = new HeliosOptions();
            var before = option.Show(options);
            var text = ((string[])["7", "32", "0.3", "7.5", "0.5s", "7s", "7KiB", "int4", "true", "false"]).First(text => option.TrySet(options, text) && option.Show(options) != before && option.Check(options) is null);
            Value(options, option.Path).Should().NotBe(Value(new HeliosOptions(), option.Path), $"{option.Path} was set to {text}");
            OptionTable.All.Where(other => !other.IsSame(options, new HeliosOptions())).Should().ContainSingle(option.Path);
        }
    }

    [Fact]
    public void Defaults_are_in_range() =>
        OptionTable.All.Select(option => option.Check(new HeliosOptions())).Concat(OptionTable.Tenant.Select(option => option.Check(new TenantOptions()))).OfType<OptionFault>().Should().BeEmpty();

    [Theory]
    [MemberData(nameof(Paths))]
    public void The_comment_of_a_property_says_what_the_table_says(string path) =>
        Compare(OptionTable.Find(path), Properties.Single(property => property.Path == path).Property);

    [Fact]
    public void The_comments_of_a_tenants_properties_say_what_the_table_says()
    {
        foreach (var option in OptionTable.Tenant) Compare(option, typeof(TenantOptions).GetProperty(option.Path)!);
    }

    [Fact]
    public void The_reference_is_the_table() => ApprovedFile.Check("docs/reference/options.md", OptionReference.Print());

    private static void Compare<TOptions>(OptionEntry<TOptions> option, PropertyInfo property)
    {
        var comment = Comments.Of(property)!.Replace("`", "", StringComparison.Ordinal);
        comment.Should().ContainEquivalentOf(option.Doc.TrimEnd('.'), $"the comment of {option.Path} has the words of the table");
        if (option.Range.Length > 0) comment.Should().ContainEquivalentOf(option.Range, $"the comment of {option.Path} has the range of the table");
        if (option.None is { } none) comment.Should().ContainEquivalentOf($"null {none}", $"the comment of {option.Path} says what null does");
        var takesNull = new NullabilityInfoContext().Create(property).WriteState == NullabilityState.Nullable;
        (option.None is not null).Should().Be(takesNull, $"the table says what null does for {option.Path} if it may be null");
    }

    private static IEnumerable<(string Path, PropertyInfo Property)> PropertiesOf(Type type, string prefix) => type.GetProperties().SelectMany(property =>
        property.PropertyType.Name.EndsWith("Options", StringComparison.Ordinal)
            ? PropertiesOf(property.PropertyType, $"{property.Name}:")
            : [(prefix + property.Name, property)]);

    private static object? Value(object options, string path) =>
        path.Split(':').Aggregate((object?)options, (value, name) => value!.GetType().GetProperty(name, BindingFlags.Public | BindingFlags.Instance)!.GetValue(value));
}
