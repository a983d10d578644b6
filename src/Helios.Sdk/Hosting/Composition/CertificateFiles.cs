using System.Collections.Immutable;
using Helios.Sdk.Adaptation.Certification;
using Helios.Sdk.Hosting.Configuration;
using Helios.Sdk.Lab;
using Helios.Sdk.Models;

namespace Helios.Sdk.Hosting.Composition;

/// <summary>The certificates that the options name.</summary>
internal static class CertificateFiles
{
    /// <summary>Reads certificates.</summary>
    /// <param name="files">Their files.</param>
    /// <param name="precision">How the engine holds its weights.</param>
    /// <param name="models">The models of its pool.</param>
    /// <exception cref="CheckpointException">A file is no certificate.</exception>
    /// <exception cref="InvalidOptionException">A certificate is of no model of the pool, or of weights that are held otherwise.</exception>
    public static Certificates Load(IEnumerable<string> files, Precision precision, IReadOnlyCollection<CheckpointInfo> models)
    {
        var known = ImmutableArray.CreateBuilder<RiskCertificate>();
        foreach (var (index, file) in files.Index())
        {
            var option = new OptionPath(OptionTable.Certificates, Invariant($"{index}"));
            var certificate = OptionSource.Read(option, () => CertificateFile.Load(file));
            if (models.All(model => model.Fingerprint != certificate.Checkpoint))
                throw new InvalidOptionException(new OptionFault(option, $"'{file}', of checkpoint {certificate.Checkpoint} ('{certificate.Model}')", $"a checkpoint of the pool: {string.Join(", ", models.Select(model => $"{model.Fingerprint} ('{model.Name}')"))}"));
            if (certificate.Precision != precision)
                throw new InvalidOptionException(new OptionFault(option, $"'{file}', of weights held as {certificate.Precision}", $"weights held as {precision}, as the engine holds them"));
            known.Add(certificate);
        }

        return new Certificates(known.ToImmutable(), precision);
    }
}
