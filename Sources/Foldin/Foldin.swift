@_exported import FoldinBaselines
@_exported import FoldinComparison
@_exported import FoldinEvaluation
@_exported import FoldinInteractions
@_exported import FoldinModels
@_exported import FoldinPreparation
@_exported import FoldinRecommending
@_exported import FoldinTraining
