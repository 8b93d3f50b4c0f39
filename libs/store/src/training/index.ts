export { addExclusion, confirmedPositions, listExclusions, removeExclusion } from './exclusions.js'
export { abandonFits, endFit, type FitState, fitById, listFits, noteFitStep, type StoredFit, startFit } from './fits.js'
export { assignFit, fitOfRequest, requestRetrain, waitingRequest } from './retrain-requests.js'
export { noTrainerAndFix, trainerStatus, whyNoModel, whyNoModelAndFix, whyNoNewerModel } from './trainer-status.js'
