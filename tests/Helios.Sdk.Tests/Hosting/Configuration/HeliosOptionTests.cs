namespace Helios.Sdk.Tests.Hosting.Configuration;

public class HeliosOptionTests
{
    [Fact]
    public void A_value_is_set_as_configuration_writes_it()
    {
        var options = new HeliosOptions();
        HeliosOption.Find("Adaptation:MaxTtft").Set(options, "500ms").Should().BeNull();
        HeliosOption.Find("memorybudgetbytes").Set(options, "48MiB").Should().BeNull("keys have no case");
        (options.Adaptation.MaxTtft, options.MemoryBudgetBytes).Should().Be((TimeSpan.FromMilliseconds(500), 48L << 20));
    }

    [Theory]
    [InlineData("Serving:MaxQueueLength", "0", "Serving.MaxQueueLength is 0; expected at least 1.")]
    [InlineData("Adaptation:MinAgreement", "1,5", "Adaptation.MinAgreement is '1,5'; expected a number, 0 to 1.")]
    [InlineData("Models", "here", "Models is 'here'; expected a list*")]
    public void What_is_wrong_is_a_value_and_the_options_stay_as_they_are(string key, string text, string fault)
    {
        var (options, option) = (new HeliosOptions(), HeliosOption.Find(key));
        option.Set(options, text)!.ToString().Should().Match(fault);
        options.Should().BeEquivalentTo(new HeliosOptions());
    }

    [Fact]
    public void Every_option_says_what_it_means_and_how_it_is_written()
    {
        HeliosOption.All.Should().HaveCountGreaterThan(50).And.OnlyContain(option => option.Description.Length > 0 && option.Format.Length > 0);
        HeliosOption.Find("Adaptation:MaxQualityGap").Reloads.Should().BeTrue();
        HeliosOption.Find("Adaptation:MinAgreement").Range.Should().Be("0 to 1");
    }

    [Fact]
    public void An_option_that_there_is_not_is_a_bug_of_the_caller()
    {
        var find = () => HeliosOption.Find("Serving:Speed");
        find.Should().Throw<ArgumentException>().WithMessage("*Serving:Speed*");
    }
}
