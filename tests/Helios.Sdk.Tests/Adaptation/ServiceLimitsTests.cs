namespace Helios.Sdk.Tests.Adaptation;

public class ServiceLimitsTests
{
    [Fact]
    public void Defaults_are_those_of_the_options_but_for_the_floor_of_quality() =>
        ServiceLimits.Of(new AdaptationOptions()).Should().Be(new ServiceLimits { MaxQualityGap = 0.1 });
}
